import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser"
import { parseJson } from "../../cni/json.ts"
import { type Call, textOf } from "../../model/call.ts"
import { type CallNode, walk } from "../../model/operation.ts"

/** Where a configuration has a prevResult that an earlier call returned or was given, and which call that was. */
export type PreviousResult = { offset: number; length: number; origin: string }

/**
 * A runtime passes each plugin of a list the result of the one before; on DEL and CHECK all of them get the result of ADD.
 * By call ID: the prevResult values that say nothing new.
 */
export function previousResults(nodes: CallNode[]): Map<string, PreviousResult> {
  const known = new Map<string, string>()
  const found = new Map<string, PreviousResult>()
  for (const { call } of walk(nodes)) {
    const prevResult = prevResultOf(call)
    if (prevResult) {
      const origin = known.get(prevResult.key)
      if (origin) found.set(call.id, { ...prevResult, origin })
      else known.set(prevResult.key, `as ${call.plugin} was given it`)
    }
    const result = canonical(textOf(call.stdout))
    if (result) known.set(result, `as ${call.plugin} returned it`)
  }
  return found
}

function prevResultOf({ stdin }: Call): { offset: number; length: number; key: string } | undefined {
  const text = textOf(stdin)
  const tree = text === undefined || !text.includes('"prevResult"') ? undefined : treeOf(text)
  const node = tree && findNodeAtLocation(tree, ["prevResult"])
  if (!text || !node) return undefined
  const key = canonical(text.slice(node.offset, node.offset + node.length))
  return key ? { offset: node.offset, length: node.length, key } : undefined
}

/** jsonc-parser is recursive and reads what is not JSON too. */
function treeOf(text: string): Node | undefined {
  return parseJson(text) === undefined ? undefined : parseTree(text)
}

/** The same text for values that differ in white space or in the order of keys only. Numbers stay as they are written. */
function canonical(text: string | undefined): string | undefined {
  const tree = text?.trimStart().startsWith("{") ? treeOf(text) : undefined
  return text && tree ? written(tree, text) : undefined
}

function written(node: Node, text: string): string {
  const parts = (node.children ?? []).map((child) => written(child, text))
  if (node.type === "object") return `{${parts.sort().join(",")}}`
  if (node.type === "array") return `[${parts.join(",")}]`
  if (node.type === "property") return parts.join(":")
  return text.slice(node.offset, node.offset + node.length)
}
