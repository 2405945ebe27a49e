import { type JsonNode, scanJson } from "../../capture/json-scan.ts"
import { parseJsonCached } from "../json-cache.ts"

/** Keys that come a second time in their object: JSON pointer and position of the second. */
export function duplicateKeys(text: string): { pointer: string; at: number }[] {
  if (isWrittenAnew(text)) return []
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

/** Written anew from its value nothing comes twice; most plugins and runtimes write as we would, Go's libraries do. */
function isWrittenAnew(text: string): boolean {
  const value = parseJsonCached(text)
  const indent = /^[[{]\n(?: {2}| {4}|\t)(?! )/.exec(text)?.[0].slice(2) ?? ""
  return value !== undefined && JSON.stringify(value, null, indent) === text.trimEnd()
}
