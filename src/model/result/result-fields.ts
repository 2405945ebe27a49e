import { isObject } from "../../cni/json.ts"

/**
 * The addresses of a result of any version, without prefix length: `ips[].address` since 0.3.0, `ip4.ip` and `ip6.ip`
 * before.
 */
export function addressesOf(result: Record<string, unknown> | undefined): string[] {
  const entries: unknown[] = Array.isArray(result?.ips) ? result.ips : []
  return [
    ...entries.map((entry) => memberOf(entry, "address")),
    memberOf(result?.ip4, "ip"),
    memberOf(result?.ip6, "ip"),
  ]
    .filter((text) => typeof text === "string")
    .map((text) => text.replace(/\/\d+$/, ""))
}

/** The non-empty texts of a CNI error: `msg` and `details`. */
export function errorTexts(error: Record<string, unknown> | undefined): string[] {
  return [error?.msg, error?.details].filter((part) => typeof part === "string").filter((part) => part !== "")
}

function memberOf(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined
}
