import { isObject } from "../../cni/json.ts"

/**
 * Addresses of a result of any version, without the length of their network: `ips[].address` since 0.3.0, `ip4.ip` and
 * `ip6.ip` before.
 */
export function addressesOf(result: Record<string, unknown> | undefined): string[] {
  const entries: unknown[] = Array.isArray(result?.ips) ? result.ips : []
  return [...entries.map((entry) => inside(entry, "address")), inside(result?.ip4, "ip"), inside(result?.ip6, "ip")]
    .filter((text) => typeof text === "string")
    .map((text) => text.replace(/\/\d+$/, ""))
}

/** What a CNI error says in words: `msg` and `details`. */
export function errorTexts(error: Record<string, unknown> | undefined): string[] {
  return [error?.msg, error?.details].filter((part) => typeof part === "string").filter((part) => part !== "")
}

function inside(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined
}
