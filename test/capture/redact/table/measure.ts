import { readings } from "../../plant.ts"
import { PLACES } from "./places.ts"
import { SECRET_SHAPES, type SecretShape } from "./secrets.ts"

export type LeakedCell = { shape: string; place: string; text: string }

/** The cells of shapes × places in which a part of a secret can be read, also with escapes resolved. */
export function leaks(redact: (text: string) => string, shapes: readonly SecretShape[] = SECRET_SHAPES): LeakedCell[] {
  return shapes.flatMap(({ name, text }) =>
    Object.entries(PLACES).flatMap(([place, put]) => {
      const recorded = redact(put(text.replaceAll(/[«»]/g, "")))
      const isLeaked = secretsOf(text).some((secret) => readings(recorded).some((reading) => reading.includes(secret)))
      return isLeaked ? [{ shape: name, place, text: recorded }] : []
    }),
  )
}

/** The texts between `«` and `»`; of several lines each for itself, because a document may indent them. */
function secretsOf(text: string): string[] {
  return [...text.matchAll(/«([^»]*)»/g)]
    .flatMap(([, secret = ""]) => secret.split(/\n|\\n/))
    .filter((line) => line !== "")
}
