import { type JsonNode, scanJson } from "../../capture/json-scan.ts"
import { parseJsonCached } from "../json-cache.ts"

/** Keys that occur more than once in their object: JSON pointer, and position of each further occurrence. */
export function duplicateKeys(text: string): { pointer: string; at: number }[] {
  if (isCanonical(text)) return []
  const seen = new Map<JsonNode | undefined, Set<string>>()
  const found: { pointer: string; at: number }[] = []
  scanJson(
    text,
    (node) => {
      if (node.kind !== "key") return undefined
      const keys = seen.get(node.parent)
      if (!keys) seen.set(node.parent, new Set([node.key]))
      else if (keys.has(node.key)) found.push({ pointer: `/${node.path.join("/")}`, at: node.from })
      else keys.add(node.key)
      return undefined
    },
    (closed) => {
      seen.delete(closed)
    },
  )
  return found
}

/**
 * Whether printing the parsed value yields the same text, which therefore has no duplicate keys. True for most plugins and
 * runtimes, because Go's encoding/json prints like JSON.stringify; faster than the scan.
 */
function isCanonical(text: string): boolean {
  const value = parseJsonCached(text)
  const indent = /^[[{]\n(?: {2}| {4}|\t)(?! )/.exec(text)?.[0].slice(2) ?? ""
  return value !== undefined && JSON.stringify(value, null, indent) === text.trimEnd()
}
