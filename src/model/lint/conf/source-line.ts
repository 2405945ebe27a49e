import { isSecret } from "../../../capture/redact/secret-name.ts"

/** A line of a file, or the part of a long one around a position. `caret`: index of that position in `text`. */
export type SourceLine = { text: string; caret: number }

/** A list on one line may be hundreds of kilobytes long. */
const MAX_CHARACTERS = 100
const BEFORE = 60

/** The line at that position. Secrets are replaced by as many asterisks, because findings are passed on. */
export function sourceLine(content: string, at: number): SourceLine {
  const from = at === 0 ? 0 : content.lastIndexOf("\n", at - 1) + 1
  const end = content.indexOf("\n", at)
  const to = end < 0 ? content.length : end
  const first = Math.max(from, at - BEFORE)
  const last = Math.min(to, first + MAX_CHARACTERS)
  const prefix = first > from ? "…" : ""
  const line = masked(content, first, last).replace(/\r$/, "")
  return { text: prefix + line + (last < to ? "…" : ""), caret: prefix.length + at - first }
}

/** The content from `first` to `last`, where each character of a secret is an asterisk. The content may be broken JSON. */
function masked(content: string, first: number, last: number): string {
  let text = content.slice(first, last)
  const mask = (from: number, to: number) => {
    const [start, stop] = [Math.max(from, first) - first, Math.min(to, last) - first]
    if (stop > start) text = text.slice(0, start) + "*".repeat(stop - start) + text.slice(stop)
  }
  for (const pair of content.matchAll(PAIR)) {
    const [whole, key = "", value = ""] = pair
    const to = pair.index + whole.length - (whole.endsWith('"') && !whole.endsWith(':"') ? 1 : 0)
    if (isSecret(key, value)) mask(to - value.length, to)
  }
  for (const { index, 0: whole } of content.matchAll(PASSWORD)) mask(index, index + whole.length)
  return text
}

/** A key and its string, which may be cut off. */
const PAIR = /"((?:[^"\\\n]|\\.)*)"\s*:\s*"((?:[^"\\\n]|\\.)*)"?/g
/** In the user information of a URL. */
const PASSWORD = /(?<=:\/\/[^\s/@:"]{0,64}:)[^\s/@"]+(?=@)/g
