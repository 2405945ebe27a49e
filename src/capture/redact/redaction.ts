import { type JsonNode, scanJson } from "../json-scan.ts"
import { findSecrets } from "./find-secrets.ts"
import type { SecretMatch } from "./finder.ts"
import type { BoundedRedaction } from "./redacted.ts"
import type { TextOpener } from "./text.ts"

/**
 * Replaces tokens, keys, passwords and pod annotations in the text of a stream, by their positions: all other bytes are
 * the plugin's own.
 */
export function redactWith(opener: TextOpener, source: string): BoundedRedaction {
  const { matches, searchedTo } = findSecrets(opener, source)
  const end = searchedTo ?? source.length
  const parts: string[] = []
  /** where in the result each match is, or the list or object that it is in */
  const places: number[] = []
  let at = 0
  let length = 0
  let within: number | undefined
  for (const match of withoutOverlaps(matches, end)) {
    parts.push(source.slice(at, match.from), match.with)
    length += match.from - at
    if (match.within === undefined) places.push(length)
    else if (match.within !== within) places.push(length - (match.from - match.within))
    within = match.within
    length += match.with.length
    at = match.to
  }
  parts.push(source.slice(at, Math.max(at, end)))
  const text = parts.join("")
  return { text, redacted: places.length > 0 ? pointers(text, places) : [], isCut: searchedTo !== undefined }
}

/** In the order of the text. Of overlapping matches the rest of the second one is secret too. */
function withoutOverlaps(matches: SecretMatch[], end: number): SecretMatch[] {
  const kept: SecretMatch[] = []
  for (const match of inOrder(matches)) {
    const last = kept[kept.length - 1]
    if (match.from >= end) break
    if (!last || match.from >= last.to) kept.push(match)
    else if (match.to > last.to) kept[kept.length - 1] = { ...last, to: match.to }
  }
  return kept
}

/** Nearly all matches are in order when they are found. */
function inOrder(matches: SecretMatch[]): SecretMatch[] {
  for (let at = 1; at < matches.length; at++)
    if ((matches[at - 1]?.from ?? 0) >= (matches[at]?.from ?? 0))
      return matches.sort((a, b) => a.from - b.from || b.to - a.to)
  return matches
}

/** Deeper than any configuration; pointers to deeper values could be longer than the document. */
const MAX_POINTER_DEPTH = 64
/** Tokens of JSON that are read to find where a secret was: as many as those of a configuration of about 5 KiB. */
const MOST_TOKENS = 600

/**
 * The JSON pointers (RFC 6901) of the values at these places of the recorded text; `text` if it is not JSON, or if they
 * are behind the first tokens of a long one. Keys are those of the record: one that holds a secret was redacted before.
 */
function pointers(text: string, places: readonly number[]): string[] {
  const nodes: (JsonNode | undefined)[] = []
  let next = 0
  let tokens = 0
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
    () => tokens++ < MOST_TOKENS && next < places.length,
  )
  const names: Record<string, true> = {}
  let last: JsonNode | undefined
  for (let at = 0; at < places.length; at++) {
    const node = isJson ? nodes[at] : undefined
    if (node === undefined || node !== last) names[node ? pointer(node) : "text"] = true
    last = node
  }
  return Object.keys(names)
}

function pointer(node: JsonNode): string {
  if (node.depth > MAX_POINTER_DEPTH) return "text"
  return `/${node.path.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`
}
