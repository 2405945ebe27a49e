import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser"
import { PROBES } from "../disk/layout.ts"

/**
 * Edits of a network configuration list that leave every byte but ours. Text here is Latin-1: one character a byte,
 * so that a file that is not valid UTF-8 is written back as it was.
 */
export type Edited = { text: string } | { error: string }

/** cni_pre before the first plugin, cni_post after the last. */
export function withProbes(text: string): Edited {
  const before = pluginsOf(text)
  if ("error" in before) return before
  const { types, nodes, from } = before
  const [first, last] = [nodes[0], nodes.at(-1)]
  if (!first || !last) return { error: "its list of plugins is empty" }
  const [pre, post] = PROBES
  const needsPre = types[0] !== pre
  const needsPost = types.at(-1) !== post
  // What stands before the first plugin, a line break and blanks or nothing, is put between the others too.
  const gap = text.slice(from, first.offset)
  const end = last.offset + last.length
  const edited =
    text.slice(0, first.offset) +
    (needsPre ? `${entry(pre)},${gap}` : "") +
    text.slice(first.offset, end) +
    (needsPost ? `,${gap}${entry(post)}` : "") +
    text.slice(end)
  return checked(edited, [...(needsPre ? [pre] : []), ...types, ...(needsPost ? [post] : [])])
}

/** Our entries gone, wherever somebody else has moved them to; with the comma and the blanks that came with them. */
export function withoutProbes(text: string): Edited {
  const before = pluginsOf(text)
  if ("error" in before) return before
  const { types, nodes } = before
  const kept = nodes.filter((_, at) => !isProbe(types[at] ?? ""))
  let edited = text
  for (const [at, node] of [...nodes.entries()].reverse()) {
    if (kept.includes(node)) continue
    const next = nodes[at + 1]
    const earlier = nodes[at - 1]
    const isFirst = !kept.some((other) => other.offset < node.offset)
    const from = isFirst || !earlier ? node.offset : earlier.offset + earlier.length
    const to = isFirst && next ? next.offset : node.offset + node.length
    edited = edited.slice(0, from) + edited.slice(to)
  }
  return checked(
    edited,
    types.filter((type) => !isProbe(type)),
  )
}

/** Whether a list has an entry of ours; false for what is no list. */
export function hasProbes(text: string): boolean {
  const plugins = pluginsOf(text)
  return "types" in plugins && plugins.types.some(isProbe)
}

function isProbe(type: string): boolean {
  return PROBES.some((probe) => probe === type)
}

function entry(type: string): string {
  return `{ "type": "${type}" }`
}

/** The library reads more than JSON (comments, the first of two equal keys); what runtimes will read is asked again. */
function checked(text: string, expected: string[]): Edited {
  const after = pluginsOf(text)
  if ("error" in after) return after
  if (JSON.stringify(after.types) === JSON.stringify(expected)) return { text }
  return { error: "its plugins key is there twice, or it is no plain JSON" }
}

type Plugins = {
  types: string[]
  nodes: Node[]
  /** where the first may begin: behind the bracket */
  from: number
}

function pluginsOf(text: string): Plugins | { error: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
  const list = findNodeAtLocation(parseTree(text) ?? { type: "null", offset: 0, length: 0 }, ["plugins"])
  if (typeof value !== "object" || value === null || !("plugins" in value) || !Array.isArray(value.plugins) || !list) {
    return { error: "it has no list of plugins" }
  }
  const types = value.plugins.map((plugin: unknown) =>
    typeof plugin === "object" && plugin !== null && "type" in plugin ? String(plugin.type) : "",
  )
  return { types, nodes: list.children ?? [], from: list.offset + 1 }
}
