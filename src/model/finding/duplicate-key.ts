import { type JsonNode, scanJson } from "../../capture/json-scan.ts"

/** Keys that come a second time in their object: JSON pointer and position of the second. */
export function repeatedKeys(text: string): { pointer: string; at: number }[] {
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
