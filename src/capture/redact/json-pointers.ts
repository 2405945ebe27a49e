import { type JsonNode, scanJson } from "../json-scan.ts"

/** More than any configuration needs: many long pointers could be longer than the text. */
const MAX_POINTER_DEPTH = 64
const MAX_POINTER_LENGTH = 1024

/** `TextOpener.pointers` where no native code does it: in Node.js and in a browser. */
export function jsonPointers(text: string, places: readonly number[]): string[] {
  const nodes: (JsonNode | undefined)[] = []
  let next = 0
  const isJson = scanJson(
    text,
    (node) => {
      const isContainer = node.kind === "object" || node.kind === "array"
      const to = isContainer ? node.from + 1 : node.to
      for (let place = places[next] ?? text.length; place < to; place = places[++next] ?? text.length)
        nodes[next] = place >= node.from ? node : undefined
      return undefined
    },
    undefined,
    () => next < places.length,
  )
  return isJson ? places.map((_, at) => pointerTo(nodes[at])) : ["text"]
}

function pointerTo(node: JsonNode | undefined): string {
  if (!node || node.depth > MAX_POINTER_DEPTH) return "text"
  const pointer = `/${node.path.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`
  return pointer.length > MAX_POINTER_LENGTH ? "text" : pointer
}
