import { nameKind } from "./name-kind.ts"
import { isOrdinary } from "./ordinary-value.ts"

/** Whether the value of a variable or field with this name may be a secret. */
export function isSecretName(name: string): boolean {
  return nameKind(name) !== "none"
}

/** Whether a string under that name is a secret, and not a reference to one, a placeholder or a common word. */
export function isSecret(name: string, value: string): boolean {
  const kind = nameKind(name)
  return kind !== "none" && !isOrdinary(kind, value, false)
}
