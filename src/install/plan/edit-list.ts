import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser"
import { PROBES } from "../disk/layout.ts"

/**
 * The result of editing a network configuration list; all other bytes stay unchanged. Text is Latin-1, one character
 * per byte, so that a file that is not valid UTF-8 is preserved.
 */
export type EditedList = { text: string } | { error: string }

/** Inserts cni_pre before the first plugin and cni_post after the last. */
export function withProbes(text: string): EditedList {
  const before = pluginsOf(text)
  if ("error" in before) return before
  const { types, nodes, from } = before
  const [first, last] = [nodes[0], nodes.at(-1)]
  if (!first || !last) return { error: "its plugins list is empty" }
  const [pre, post] = PROBES
  const needsPre = types[0] !== pre
  const needsPost = types.at(-1) !== post
  // The white space before the first plugin is used between the inserted entries too.
  const gap = text.slice(from, first.offset)
  const end = last.offset + last.length
  const edited =
    text.slice(0, first.offset) +
    (needsPre ? `${probeEntry(pre)},${gap}` : "") +
    text.slice(first.offset, end) +
    (needsPost ? `,${gap}${probeEntry(post)}` : "") +
    text.slice(end)
  return verified(edited, [...(needsPre ? [pre] : []), ...types, ...(needsPost ? [post] : [])])
}

/** Removes the probes with their commas and white space, wherever in the list they are now. */
export function withoutProbes(text: string): EditedList {
  const before = pluginsOf(text)
  if ("error" in before) return before
  const { types, nodes } = before
  const remaining = nodes.filter((_, at) => !isProbe(types[at] ?? ""))
  let edited = text
  for (const [at, node] of [...nodes.entries()].reverse()) {
    if (remaining.includes(node)) continue
    const next = nodes[at + 1]
    const earlier = nodes[at - 1]
    const isFirst = !remaining.some((other) => other.offset < node.offset)
    const from = isFirst || !earlier ? node.offset : earlier.offset + earlier.length
    const to = isFirst && next ? next.offset : node.offset + node.length
    edited = edited.slice(0, from) + edited.slice(to)
  }
  return verified(
    edited,
    types.filter((type) => !isProbe(type)),
  )
}

/** Whether a list names a probe; false for text that is not a list. */
export function hasProbes(text: string): boolean {
  const plugins = pluginsOf(text)
  return "types" in plugins && plugins.types.some(isProbe)
}

function isProbe(type: string): boolean {
  return PROBES.some((probe) => probe === type)
}

function probeEntry(type: string): string {
  return `{ "type": "${type}" }`
}

/**
 * jsonc-parser accepts more than JSON (comments) and reads the first of duplicate keys, so parse the result as runtimes
 * do.
 */
function verified(text: string, expected: string[]): EditedList {
  const after = pluginsOf(text)
  if ("error" in after) return after
  if (JSON.stringify(after.types) === JSON.stringify(expected)) return { text }
  return { error: "its plugins key is duplicated, or it is not plain JSON" }
}

type PluginEntries = {
  types: string[]
  nodes: Node[]
  /** offset after the opening bracket */
  from: number
}

function pluginsOf(text: string): PluginEntries | { error: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
  const list = findNodeAtLocation(parseTree(text) ?? { type: "null", offset: 0, length: 0 }, ["plugins"])
  if (typeof value !== "object" || value === null || !("plugins" in value) || !Array.isArray(value.plugins) || !list) {
    return { error: "it has no plugins list" }
  }
  const types = value.plugins.map((plugin: unknown) =>
    typeof plugin === "object" && plugin !== null && "type" in plugin ? String(plugin.type) : "",
  )
  return { types, nodes: list.children ?? [], from: list.offset + 1 }
}
