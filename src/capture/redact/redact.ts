import type { JsonNode } from "../json-scan.ts"
import { findSecrets, type PlacedFind } from "./find-secrets.ts"

export type Redaction = {
  text: string
  /** JSON pointers of the values replaced, `text` for finds in free text; empty when nothing was */
  redacted: string[]
}

/**
 * Takes tokens, keys, passwords and pod annotations out of a stream's text. JSON is never edited by pattern: the
 * values to replace are found by their position in the document, so that what is left is the plugin's own bytes.
 * Which keys and shapes: cni-semantics.md section E, "Secrets and personal data".
 */
export function redact(text: string): Redaction {
  const { finds, isJson } = findSecrets(text)
  return splice(text, finds, isJson)
}

function splice(text: string, finds: PlacedFind[], isJson: boolean): Redaction {
  const parts: string[] = []
  const names: Record<string, true> = {}
  let at = 0
  let last: JsonNode | undefined
  for (const find of finds.sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (find.to <= at) continue
    // Overlapping finds: what is left of the second was secret too.
    if (find.from >= at) parts.push(text.slice(at, find.from), find.with)
    at = find.to
    if (find.node === undefined || find.node !== last) names[isJson && find.node ? pointer(find.node) : "text"] = true
    last = find.node
  }
  parts.push(text.slice(at))
  return { text: parts.join(""), redacted: Object.keys(names) }
}

/** Deeper than any configuration is; names of what lies there could be longer than the document. */
const DEEPEST_NAMED = 64

/** No URL with userinfo and no token is shorter; most keys are. */
const SHORTEST_SHAPE = 16

/** JSON pointer (RFC 6901). A key may be the secret itself, as in `"auths": {"https://user:password@registry": ...}`. */
function pointer(node: JsonNode): string {
  if (node.depth > DEEPEST_NAMED) return "text"
  const steps = node.path.map((step) => (step.length < SHORTEST_SHAPE ? step : redactText(step)))
  return `/${steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`
}

function redactText(text: string): string {
  return splice(text, findSecrets(text).finds, false).text
}
