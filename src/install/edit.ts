import { applyEdits, type JSONPath, modify } from "jsonc-parser"
import { PROBES } from "./layout.ts"

/**
 * Edits of a network configuration list that leave every byte but ours. Text here is Latin-1: one character a byte,
 * so that a file that is not valid UTF-8 is written back as it was.
 */
export type Edited = { text: string } | { error: string }

/** cni_pre before the first plugin, cni_post after the last. */
export function withProbes(text: string): Edited {
  const before = pluginsOf(text)
  if ("error" in before) return before
  const [pre, post] = PROBES.map((type) => ({ type }))
  const missing = { pre: before.types[0] !== pre?.type, post: before.types.at(-1) !== post?.type }
  let edited = text
  if (missing.post) edited = change(edited, ["plugins", before.types.length], post, true)
  if (missing.pre) edited = change(edited, ["plugins", 0], pre, true)
  const expected = [...(missing.pre ? [PROBES[0]] : []), ...before.types, ...(missing.post ? [PROBES[1]] : [])]
  return checked(edited, expected)
}

/** Our entries gone, wherever somebody else has moved them to. */
export function withoutProbes(text: string): Edited {
  const before = pluginsOf(text)
  if ("error" in before) return before
  let edited = text
  for (const [at, type] of [...before.types.entries()].reverse()) {
    if (isProbe(type)) edited = change(edited, ["plugins", at], undefined, false)
  }
  return checked(
    edited,
    before.types.filter((type) => !isProbe(type)),
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

function change(text: string, path: JSONPath, value: unknown, isArrayInsertion: boolean): string {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? "  "
  const formattingOptions = {
    insertSpaces: !indent.startsWith("\t"),
    tabSize: indent.startsWith("\t") ? 1 : indent.length,
    eol: text.includes("\r\n") ? "\r\n" : "\n",
  }
  return applyEdits(text, modify(text, path, value, { isArrayInsertion, formattingOptions }))
}

/** The library reads more than JSON (comments, the first of two equal keys); what runtimes will read is asked again. */
function checked(text: string, expected: string[]): Edited {
  const after = pluginsOf(text)
  if ("error" in after) return after
  if (JSON.stringify(after.types) === JSON.stringify(expected)) return { text }
  return { error: "its plugins key is there twice, or it is no plain JSON" }
}

function pluginsOf(text: string): { types: string[] } | { error: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
  if (typeof value !== "object" || value === null || !("plugins" in value) || !Array.isArray(value.plugins)) {
    return { error: "it has no list of plugins" }
  }
  const types = value.plugins.map((plugin: unknown) =>
    typeof plugin === "object" && plugin !== null && "type" in plugin ? String(plugin.type) : "",
  )
  return { types }
}
