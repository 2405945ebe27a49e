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
  const { text, places } = replaced(source, matches, searchedTo ?? source.length)
  const redacted = places.length > 0 ? distinct(opener.pointers(text, places)) : []
  return { text, redacted, isCut: searchedTo !== undefined }
}

/** `places`: where in the result each match is, or the list or object that it is in. */
function replaced(source: string, matches: SecretMatch[], end: number): { text: string; places: number[] } {
  const parts: string[] = []
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
  return { text: parts.join(""), places }
}

/** In the order of the text. If two matches overlap, the rest of the second one is secret too. */
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

function distinct(texts: readonly string[]): string[] {
  const seen: Record<string, true> = {}
  for (const text of texts) seen[text] = true
  return Object.keys(seen)
}
