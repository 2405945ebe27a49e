import { type JsonNode, scanJson } from "../../capture/json-scan.ts"
import { parseJson } from "../../cni/json.ts"

/**
 * One line of a formatted JSON document. Literals are the original characters: long numbers, duplicate keys and escapes
 * are as the plugin wrote them.
 */
export type JsonLine = {
  indent: number
  key?: string
  /** a literal, or the bracket that opens or closes a container */
  text: string
  kind: "string" | "scalar" | "open" | "close" | "empty"
  /** JSON pointer of the value */
  pointer: string
  /** offset of its first character in the document */
  from: number
  /** the characters of the value, as they were written */
  value: string
  /** number of members and index of the closing line, of an opening line */
  members?: number
  closesAt?: number
}

/** Undefined if the text is not a JSON document. */
export function jsonLines(text: string): JsonLine[] | undefined {
  if (parseJson(text) === undefined) return undefined
  const lines: JsonLine[] = []
  const open: { node: JsonNode; line: JsonLine }[] = []
  let keyFrom: number | undefined
  scanJson(
    text,
    (node) => {
      if (node.kind === "key") {
        keyFrom = node.from
        return undefined
      }
      const parent = open.at(-1)
      if (parent) parent.line.members = (parent.line.members ?? 0) + 1
      const key = parent?.node.kind === "object" ? node.step : undefined
      const isContainer = node.kind === "object" || node.kind === "array"
      const line: JsonLine = {
        indent: open.length,
        ...(key === undefined ? {} : { key }),
        text: node.kind === "object" ? "{" : node.kind === "array" ? "[" : text.slice(node.from, node.to),
        kind: isContainer ? "open" : node.kind === "string" ? "string" : "scalar",
        pointer: node.path.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
        from: keyFrom ?? node.from,
        value: text.slice(node.from, node.to),
      }
      keyFrom = undefined
      lines.push(line)
      if (isContainer) open.push({ node, line })
      return undefined
    },
    (node) => {
      const closed = open.pop()
      if (!closed) return
      const bracket = node.kind === "object" ? "}" : "]"
      closed.line.value = text.slice(node.from, node.to)
      if (!closed.line.members) {
        closed.line.kind = "empty"
        closed.line.text += bracket
        return
      }
      closed.line.closesAt = lines.length
      const { pointer, value } = closed.line
      lines.push({ indent: open.length, text: bracket, kind: "close", pointer, from: node.to - 1, value })
    },
  )
  return lines
}
