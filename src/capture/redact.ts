import { type JsonNode, scanJson } from "./json-scan.ts"

/** What stands in the record where a secret stood. */
export const REDACTED = "[redacted]"

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
  if (!mayHoldSecret(text)) return { text, redacted: [] }
  const finds = isJson(text) ? findInJson(text) : findInText(text, 0, "text")
  return {
    text: splice(text, finds),
    redacted: finds.map((find) => find.name).filter((name, at, all) => all.indexOf(name) === at),
  }
}

/** Whether a variable's or a field's name says that its value is a secret. */
export function isSecretName(name: string): boolean {
  const lower = name.toLowerCase()
  if (WHOLE_NAMES.includes(lower)) return true
  if (WORDS.some((word) => lower.includes(word))) return true
  return lower.length > 3 && (lower.endsWith("key") || lower.includes("_key") || lower.includes("-key"))
}

const WORDS = ["token", "secret", "passw", "credential", "authorization"]
const WHOLE_NAMES = ["auth", "pwd", "cookie"]
/** Containers whose every string is personal or may hold literal environment values. */
const PRIVATE_CONTAINERS = ["io.kubernetes.cri.pod-annotations", "kubectl.kubernetes.io/last-applied-configuration"]

/** Lower-case marks; text that holds none of them in any case holds no secret that `redact` could find. */
export const SECRET_MARKS = [
  ...WORDS,
  ...WHOLE_NAMES,
  "key",
  "annotations",
  "labels",
  "last-applied",
  "eyj",
  "ls0tls1",
  "://",
  "bearer ",
  "basic ",
  "akia",
]

function mayHoldSecret(text: string): boolean {
  const lower = text.toLowerCase()
  for (const mark of SECRET_MARKS) if (lower.includes(mark)) return true
  return false
}

type Find = { from: number; to: number; with: string; name: string }

function isJson(text: string): boolean {
  const first = text.trimStart().charAt(0)
  return first === "{" || first === "["
}

function findInJson(text: string): Find[] {
  const finds: Find[] = []
  let secretUntilClosed: JsonNode | undefined
  scanJson(
    text,
    (node) => {
      const isSecret = secretUntilClosed !== undefined || isSecretPath(node.path)
      const name = `/${node.path.map(escapePointer).join("/")}`
      if (node.kind === "string") {
        if (isSecret) finds.push({ from: node.from + 1, to: contentEnd(text, node), with: REDACTED, name })
        else finds.push(...findInText(text.slice(node.from, node.to), node.from, name))
      } else if (node.kind === "scalar") {
        if (isSecret && !isPlainLiteral(text.slice(node.from, node.to)))
          finds.push({ from: node.from, to: node.to, with: `"${REDACTED}"`, name })
      } else if (isSecret) secretUntilClosed ??= node
      return undefined
    },
    (closed) => {
      if (closed === secretUntilClosed) secretUntilClosed = undefined
    },
  )
  return finds
}

function isSecretPath(path: string[]): boolean {
  const key = path.findLast((step) => Number.isNaN(Number(step))) ?? ""
  if (PRIVATE_CONTAINERS.includes(key) || isSecretName(key)) return true
  return key === "labels" && path.at(-2) === "cni" && path.at(-3) === "args"
}

/** A switch such as `"tokenAuth": true` tells nothing and says much. */
function isPlainLiteral(literal: string): boolean {
  return literal === "true" || literal === "false" || literal === "null"
}

/** Before the closing quote; the end of the text where the string was cut off. */
function contentEnd(text: string, node: JsonNode): number {
  return node.to > node.from + 1 && text.charAt(node.to - 1) === '"' ? node.to - 1 : node.to
}

function escapePointer(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1")
}

/** Secrets by shape, and `name=value` or `"name":"value"` pairs, in free text or in the inside of a JSON string. */
function findInText(text: string, offset: number, name: string): Find[] {
  if (!mayHoldSecret(text)) return []
  const lower = text.toLowerCase()
  const finds: Find[] = []
  const add = (from: number, to: number) => {
    if (to > from) finds.push({ from: offset + from, to: offset + to, with: REDACTED, name })
  }
  // {"... in base64: a JWT's header, or a whole cached configuration
  forEach(text, "eyJ", (at) => atLeast(20, at, runEnd(text, at, isBase64), add))
  // -----BEGIN in base64: certificate and key data of a kubeconfig
  forEach(text, "LS0tLS1", (at) => add(at, runEnd(text, at, isBase64)))
  forEach(text, "AKIA", (at) => atLeast(20, at, runEnd(text, at, isBase64), add))
  forEach(text, "PRIVATE KEY-----", (at) => add(at + 16, pemEnd(text, at + 16)))
  for (const scheme of ["bearer ", "basic "]) {
    forEach(lower, scheme, (at) => atLeast(8, at + scheme.length, runEnd(text, at + scheme.length, isWordOfValue), add))
  }
  forEach(text, "://", (at) => {
    const end = runEnd(text, at + 3, (code) => isWordOfValue(code) && code !== 47)
    const sign = text.lastIndexOf("@", end)
    const colon = text.indexOf(":", at + 3)
    if (sign > at && colon > at && colon < sign) add(colon + 1, sign)
  })
  for (const word of [...WORDS, "key"]) {
    forEach(lower, word, (at) => {
      const nameFrom = at - backwards(text, at, isNameCode)
      const nameTo = runEnd(text, at, isNameCode)
      if (!isSecretName(text.slice(nameFrom, nameTo))) return
      const sign = runEnd(text, nameTo, (code) => code === 34 || code === 39 || code === 92 || code === 32)
      const code = text.charCodeAt(sign)
      if (code !== 61 && code !== 58) return
      const from = runEnd(text, sign + 1, (each) => each === 34 || each === 39 || each === 92 || each === 32)
      const to = runEnd(text, from, isWordOfValue)
      if (!isPlainLiteral(text.slice(from, to))) add(from, to)
    })
  }
  return finds
}

function forEach(text: string, needle: string, found: (at: number) => void): void {
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) found(at)
}

function atLeast(count: number, from: number, to: number, add: (from: number, to: number) => void): void {
  if (to - from >= count) add(from, to)
}

function runEnd(text: string, from: number, belongs: (code: number) => boolean): number {
  let at = from
  while (at < text.length && belongs(text.charCodeAt(at))) at++
  return at
}

function backwards(text: string, from: number, belongs: (code: number) => boolean): number {
  let count = 0
  while (count < from && belongs(text.charCodeAt(from - count - 1))) count++
  return count
}

function pemEnd(text: string, from: number): number {
  const end = text.indexOf("-----END", from)
  if (end >= 0) return end
  const quote = text.indexOf('"', from)
  return quote < 0 ? text.length : quote
}

function isNameCode(code: number): boolean {
  return (
    (code >= 48 && code <= 57) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 95 ||
    code === 45
  )
}

function isBase64(code: number): boolean {
  return isNameCode(code) || code === 43 || code === 47 || code === 61 || code === 46
}

/** Ends at white space, quotes, a backslash (an escaped quote) and the punctuation that closes a value. */
function isWordOfValue(code: number): boolean {
  return (
    code > 32 &&
    code !== 34 &&
    code !== 39 &&
    code !== 92 &&
    code !== 44 &&
    code !== 59 &&
    code !== 125 &&
    code !== 93 &&
    code !== 41
  )
}

function splice(text: string, finds: Find[]): string {
  let result = ""
  let at = 0
  for (const find of finds.sort((a, b) => a.from - b.from || b.to - a.to)) {
    if (find.to <= at) continue
    // Overlapping finds: what is left of the second was secret too.
    if (find.from >= at) result += text.slice(at, find.from) + find.with
    at = find.to
  }
  return result + text.slice(at)
}
