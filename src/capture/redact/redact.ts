import type { JsonNode } from "../json-scan.ts"
import { findSecrets, type JsonMatch } from "./find-secrets.ts"

export type Redaction = {
  text: string
  /** JSON pointers of the replaced values, `text` for matches in free text; empty if nothing was replaced */
  redacted: string[]
}

/**
 * Replaces tokens, keys, passwords and pod annotations in the text of a stream. JSON is never edited by pattern: the
 * values to replace are found by their position in the document, so that all other bytes are the plugin's own.
 */
export function redact(text: string): Redaction {
  const { matches, isJson } = findSecrets(text)
  return splice(text, matches, isJson)
}

function splice(text: string, matches: JsonMatch[], isJson: boolean): Redaction {
  const parts: string[] = []
  const names: Record<string, true> = {}
  let at = 0
  let last: JsonNode | undefined
  for (const find of matches.sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (find.to <= at) continue
    // Overlapping matches: the rest of the second one is secret too.
    if (find.from >= at) parts.push(text.slice(at, find.from), find.with)
    at = find.to
    if (find.node === undefined || find.node !== last) names[isJson && find.node ? pointer(find.node) : "text"] = true
    last = find.node
  }
  parts.push(text.slice(at))
  return { text: parts.join(""), redacted: Object.keys(names) }
}

/** Deeper than any configuration; pointers to deeper values could be longer than the document. */
const MAX_POINTER_DEPTH = 64

/** URLs with userinfo and tokens are at least this long; most keys are shorter. */
const MIN_SECRET_LENGTH = 16

/** JSON pointer (RFC 6901). A key may be the secret itself, as in `"auths": {"https://user:password@registry": ...}`. */
function pointer(node: JsonNode): string {
  if (node.depth > MAX_POINTER_DEPTH) return "text"
  const steps = node.path.map((step) => (step.length < MIN_SECRET_LENGTH ? step : redactText(step)))
  return `/${steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`
}

function redactText(text: string): string {
  return splice(text, findSecrets(text).matches, false).text
}
