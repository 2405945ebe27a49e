import { type JsonNode, scanJson } from "./json-scan.ts"
import { isPrivateName, isReference, isSecretName, SECRET_MARKS } from "./secret-name.ts"
import { asciiLower, type Find, findInText, isPlainLiteral, REDACTED } from "./secret-text.ts"

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
  const marks = new Marks(text)
  const finds: PlacedFind[] = []
  // A log line or a Go value that only begins like JSON: both searches, and no part of it becomes a name.
  const isJson = findInJson(text, marks, finds)
  if (!isJson) finds.push(...placed(findInText(text, false), undefined))
  return splice(text, finds, isJson)
}

/**
 * Where the marks stand. A window at a time: a thousand short strings must not cost a thousand searches, and what
 * goes as a whole, such as annotations, need not be searched at all.
 */
class Marks {
  readonly #text: string
  #from = 0
  #window = ""
  /** by mark, in the window */
  #next: number[] = []
  #first = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Whether a mark starts in that range. Ranges are asked for in order. */
  isIn(from: number, to: number): boolean {
    if (to > this.#from + this.#window.length) {
      this.#from = from
      this.#window = asciiLower(this.#text.slice(from, Math.max(to, from + WINDOW)))
      this.#next = SECRET_MARKS.map(() => -1)
      this.#first = -1
    }
    if (this.#first < from - this.#from) this.#advance(from - this.#from)
    return this.#first < to - this.#from
  }

  #advance(from: number): void {
    this.#first = this.#window.length
    for (let index = 0; index < SECRET_MARKS.length; index++) {
      let at = this.#next[index] ?? -1
      if (at < from) {
        at = this.#window.indexOf(SECRET_MARKS[index] ?? "", from)
        if (at < 0) at = this.#window.length
        this.#next[index] = at
      }
      if (at < this.#first) this.#first = at
    }
  }
}

const WINDOW = 4096

/** A find and the value it lies in. */
type PlacedFind = Find & { node: JsonNode | undefined }

/** False where the text is not JSON as far as it goes. */
function findInJson(text: string, marks: Marks, finds: PlacedFind[]): boolean {
  if (!text.includes("{") && !text.includes("[")) return false
  let secretUntilClosed: JsonNode | undefined
  // Whether the last key holds a mark: what a private list or object holds is told by `secretUntilClosed`.
  let isKeyMarked = false
  return scanJson(
    text,
    (node) => {
      const isSecret = secretUntilClosed !== undefined || (isKeyMarked && isSecretNode(text, node))
      const place = secretUntilClosed ?? node
      if (node.kind === "key" || (node.kind === "string" && !isSecret)) {
        const isMarked = marks.isIn(node.from, node.to)
        if (node.kind === "key") isKeyMarked = isMarked
        if (!isMarked) return undefined
        const literal = text.slice(node.from + 1, contentEnd(text, node))
        finds.push(...placed(findInText(literal, true), place, node.from + 1))
      } else if (node.kind === "string") {
        finds.push({ from: node.from + 1, to: contentEnd(text, node), with: REDACTED, node: place })
      } else if (node.kind === "scalar") {
        if (isSecret && !isPlainLiteral(text.slice(node.from, node.to)))
          finds.push({ from: node.from, to: node.to, with: `"${REDACTED}"`, node: place })
      } else if (isSecret) secretUntilClosed ??= node
      return undefined
    },
    (closed) => {
      if (closed === secretUntilClosed) secretUntilClosed = undefined
    },
  )
}

function placed(finds: Find[], node: JsonNode | undefined, offset = 0): PlacedFind[] {
  return finds.map((find) => ({ from: find.from + offset, to: find.to + offset, with: find.with, node }))
}

function isSecretNode(text: string, node: JsonNode): boolean {
  if (isPrivateName(node.key)) return true
  if (isSecretName(node.key))
    return node.kind !== "string" || !isReference(node.key, text.slice(node.from + 1, contentEnd(text, node)))
  const cni = node.parent
  return node.step === "labels" && cni?.step === "cni" && cni.parent?.step === "args"
}

/** Before the closing quote; the end of the text where the string was cut off. */
function contentEnd(text: string, node: JsonNode): number {
  return node.to > node.from + 1 && text.charAt(node.to - 1) === '"' ? node.to - 1 : node.to
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

function redactLiteral(literal: string): string {
  return splice(literal, placed(findInText(literal, true), undefined), false).text
}

/** JSON pointer (RFC 6901). A key may be the secret itself, as in `"auths": {"https://user:password@registry": ...}`. */
function pointer(node: JsonNode): string {
  if (node.depth > DEEPEST_NAMED) return "text"
  const steps = node.path.map((step) => (step.length < SHORTEST_SHAPE ? step : redactLiteral(step)))
  return `/${steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`
}
