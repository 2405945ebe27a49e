import { type JsonNode, scanJson, stringEnd, unquoted } from "../json-scan.ts"
import { isNameCode, runEnd } from "./character.ts"
import { MarkFinder } from "./mark-finder.ts"
import { isPrivateName, isSecret, isSecretName } from "./secret-name.ts"
import { isPairName, Pairs } from "./secret-pair.ts"
import { findInText, isPlainLiteral } from "./secret-text.ts"
import { REDACTED, type SecretMatch } from "./secret-value.ts"
import { unescaped } from "./unescaped.ts"

/** A match and the JSON value that contains it. */
export type JsonMatch = SecretMatch & { node: JsonNode | undefined }

/** How deep JSON may nest in strings of JSON; a deeper string is redacted as a whole if it may hold a secret. */
const MAX_NESTING = 5

/** An AWS access key ID is the shortest secret that is recognized by its shape. */
const SHORTEST_TOKEN = 20

/**
 * Finds the secrets of a text: in JSON by the names of its values, elsewhere by the text before them. `isJson`: the
 * text is JSON up to its end. Strings are searched with their escapes resolved; they may hold JSON or text themselves.
 */
export function findSecrets(text: string, depth = 0): { matches: JsonMatch[]; isJson: boolean } {
  const matches: JsonMatch[] = []
  const isJson = (text.includes("{") || text.includes("[")) && findInJson(text, depth, matches)
  if (isJson) return { matches, isJson }
  // A log line or a Go value that only begins like JSON: search it both ways, and report no part of it as a name.
  addMatches(matches, findInText(text), undefined, 0)
  findBetweenQuotes(text, depth, matches)
  return { matches, isJson }
}

/** In plain text it is unknown whether a quote opens or closes a string, so every part between quotes is searched. */
function findBetweenQuotes(text: string, depth: number, matches: JsonMatch[]): void {
  if (!text.includes("\\")) return
  for (let from = 0; from < text.length; ) {
    const next = stringEnd(text, from - 1)
    const part = text.slice(from, text.charAt(next - 1) === '"' ? next - 1 : next)
    addMatches(matches, findEscaped(part, depth) ?? [], undefined, from)
    from = next
  }
}

function findInJson(text: string, depth: number, matches: JsonMatch[]): boolean {
  const marks = new MarkFinder(text)
  const pairs = new Pairs()
  let secretUntilClosed: JsonNode | undefined
  // Whether the last key holds a mark; the content of a secret list or object is covered by `secretUntilClosed`.
  let isKeyMarked = false
  let lastSwitch: JsonNode | undefined
  const strings: { node: JsonNode; inner: JsonNode }[] = []
  const isJson = scanJson(
    text,
    (node) => {
      const { kind, from, to } = node
      const isSecret =
        secretUntilClosed !== undefined ||
        (isKeyMarked && isSecretNode(text, node)) ||
        (kind !== "key" && isValueOf(pairs.nameOf(node), text, node)) ||
        (kind === "string" && follows(lastSwitch, node) && text.charAt(from + 1) !== "-")
      const inner = secretUntilClosed ?? node
      if (kind === "key" || (kind === "string" && !isSecret)) {
        const isMarked = marks.isIn(from, to)
        if (kind === "key") isKeyMarked = isMarked
        if (!isMarked) return undefined
        if (kind !== "key" || !isPlainName(node.key)) strings.push({ node, inner })
        if (isSecretSwitch(text, node)) lastSwitch = node
        if (kind === "string" && isPairName(node)) {
          const name = unquoted(text.slice(from, to))
          const values = isSecretName(name) ? pairs.name(node, name) : []
          for (const value of values) if (isValueOf(name, text, value)) matches.push(wholeOf(text, value, value))
        }
      } else if (kind === "string") matches.push(wholeOf(text, node, inner))
      else if (kind === "scalar") {
        if (isSecret && !isPlainLiteral(text.slice(from, to))) matches.push(wholeOf(text, node, inner))
      } else if (isSecret) secretUntilClosed ??= node
      return undefined
    },
    (closed) => {
      pairs.close(closed)
      if (closed === secretUntilClosed) secretUntilClosed = undefined
    },
  )
  // If it is not JSON, the whole text is searched, including these strings.
  if (isJson) {
    for (const { node, inner } of strings) {
      const literal = text.slice(node.from + 1, contentEnd(text, node))
      addMatches(matches, findEscaped(literal, depth) ?? findSecrets(literal, depth).matches, inner, node.from + 1)
    }
  }
  return isJson
}

/** Secrets of the text with its escapes resolved; undefined if it has no escapes. */
function findEscaped(text: string, depth: number): SecretMatch[] | undefined {
  const inner = unescaped(text)
  if (!inner) return undefined
  if (!new MarkFinder(inner.text).isIn(0, inner.text.length)) return []
  if (depth === MAX_NESTING) return [{ from: 0, to: text.length, with: REDACTED }]
  return findSecrets(inner.text, depth + 1).matches.map(({ from, to, with: by }) => ({
    from: inner.sourceOf(from),
    to: inner.sourceOf(to),
    with: by.replaceAll("\\", "\\\\").replaceAll('"', '\\"'),
  }))
}

function addMatches(
  matches: JsonMatch[],
  found: readonly SecretMatch[],
  node: JsonNode | undefined,
  offset: number,
): void {
  for (const { from, to, with: by } of found) matches.push({ from: from + offset, to: to + offset, with: by, node })
}

/** Too short for a token, and without the punctuation of addresses and assignments: most keys. */
function isPlainName(name: string): boolean {
  return name.length < SHORTEST_TOKEN && runEnd(name, 0, isNameCode) === name.length
}

/** The replacement of a JSON value is always a string. */
function wholeOf(text: string, value: JsonNode, node: JsonNode): JsonMatch {
  return value.kind === "string"
    ? { from: value.from + 1, to: contentEnd(text, value), with: REDACTED, node }
    : { from: value.from, to: value.to, with: `"${REDACTED}"`, node }
}

function isSecretNode(text: string, node: JsonNode): boolean {
  if (isPrivateName(node.key) || isValueOf(node.key, text, node)) return true
  const cni = node.parent
  return node.step === "labels" && cni?.step === "cni" && cni.parent?.step === "args"
}

/** An argument in a list, such as `--token`, whose value is the next item. */
function isSecretSwitch(text: string, { kind, parent, from, to }: JsonNode): boolean {
  if (kind !== "string" || parent?.kind !== "array" || text.charAt(from + 1) !== "-") return false
  const name = unquoted(text.slice(from, to))
  return isSecretName(name) && !name.includes("=")
}

function follows(previous: JsonNode | undefined, { parent, step }: JsonNode): boolean {
  return previous !== undefined && previous.parent === parent && Number(step) === Number(previous.step) + 1
}

/** Whether the value is a secret under that name. */
function isValueOf(name: string | undefined, text: string, node: JsonNode): boolean {
  if (name === undefined) return false
  return node.kind === "string" ? isSecret(name, text.slice(node.from + 1, contentEnd(text, node))) : isSecretName(name)
}

/** Position of the closing quote; the end of the text if the string is cut off. */
function contentEnd(text: string, node: JsonNode): number {
  return node.to > node.from + 1 && text.charAt(node.to - 1) === '"' ? node.to - 1 : node.to
}
