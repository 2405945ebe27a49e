import { type JsonNode, scanJson, stringEnd, unquoted } from "../json-scan.ts"
import { isNameCode, runEnd } from "./character.ts"
import { LiteralSet } from "./literal-set.ts"
import { isPrivateName, isSecret, isSecretName } from "./secret-name.ts"
import { isPairName, Pairs } from "./secret-pair.ts"
import { findInText, isPlainLiteral } from "./secret-text.ts"
import { type Find, REDACTED } from "./secret-value.ts"
import { unescaped } from "./unescaped.ts"

/** A find and the value it lies in. */
export type PlacedFind = Find & { node: JsonNode | undefined }

/** How often JSON may stand in a string of JSON; what lies deeper goes as a whole if it may hold a secret. */
const DEEPEST = 5

/** AWS' access key ids are the shortest that tell by themselves what they are. */
const SHORTEST_TOKEN = 20

/**
 * Where the secrets of a text lie: in JSON by the names of its values, elsewhere by what stands before them. `isJson`:
 * as far as the text goes. Strings are read as they are meant, and may hold JSON or text themselves.
 */
export function findSecrets(text: string, depth = 0): { finds: PlacedFind[]; isJson: boolean } {
  const finds: PlacedFind[] = []
  const isJson = (text.includes("{") || text.includes("[")) && findInJson(text, depth, finds)
  if (isJson) return { finds, isJson }
  // A log line or a Go value that only begins like JSON: both searches, and no part of it becomes a name.
  place(finds, findInText(text), undefined, 0)
  findBetweenQuotes(text, depth, finds)
  return { finds, isJson }
}

/** Whether it is a string's inside or what lies between two: nobody knows in text where the first one began. */
function findBetweenQuotes(text: string, depth: number, finds: PlacedFind[]): void {
  if (!text.includes("\\")) return
  for (let from = 0; from < text.length; ) {
    const next = stringEnd(text, from - 1)
    const part = text.slice(from, text.charAt(next - 1) === '"' ? next - 1 : next)
    place(finds, findEscaped(part, depth) ?? [], undefined, from)
    from = next
  }
}

function findInJson(text: string, depth: number, finds: PlacedFind[]): boolean {
  const marks = new LiteralSet(text)
  const pairs = new Pairs()
  let secretUntilClosed: JsonNode | undefined
  // Whether the last key holds a mark: what a private list or object holds is told by `secretUntilClosed`.
  let isKeyMarked = false
  let switchBefore: JsonNode | undefined
  const strings: { node: JsonNode; inner: JsonNode }[] = []
  const isJson = scanJson(
    text,
    (node) => {
      const { kind, from, to } = node
      const isSecret =
        secretUntilClosed !== undefined ||
        (isKeyMarked && isSecretNode(text, node)) ||
        (kind !== "key" && isValueOf(pairs.nameOf(node), text, node)) ||
        (kind === "string" && isBehind(switchBefore, node) && text.charAt(from + 1) !== "-")
      const inner = secretUntilClosed ?? node
      if (kind === "key" || (kind === "string" && !isSecret)) {
        const isMarked = marks.isIn(from, to)
        if (kind === "key") isKeyMarked = isMarked
        if (!isMarked) return undefined
        if (kind !== "key" || !isPlainName(node.key)) strings.push({ node, inner })
        if (isSecretSwitch(text, node)) switchBefore = node
        if (kind === "string" && isPairName(node)) {
          const name = unquoted(text.slice(from, to))
          const values = isSecretName(name) ? pairs.name(node, name) : []
          for (const value of values) if (isValueOf(name, text, value)) finds.push(wholeOf(text, value, value))
        }
      } else if (kind === "string") finds.push(wholeOf(text, node, inner))
      else if (kind === "scalar") {
        if (isSecret && !isPlainLiteral(text.slice(from, to))) finds.push(wholeOf(text, node, inner))
      } else if (isSecret) secretUntilClosed ??= node
      return undefined
    },
    (closed) => {
      pairs.close(closed)
      if (closed === secretUntilClosed) secretUntilClosed = undefined
    },
  )
  // Elsewhere the text around them is searched, with all that is in it.
  if (isJson) {
    for (const { node, inner } of strings) {
      const literal = text.slice(node.from + 1, contentEnd(text, node))
      place(finds, findEscaped(literal, depth) ?? findSecrets(literal, depth).finds, inner, node.from + 1)
    }
  }
  return isJson
}

/** What the text is when its escapes are read, as far as that may hold a secret; undefined: it has none. */
function findEscaped(text: string, depth: number): Find[] | undefined {
  const inner = unescaped(text)
  if (!inner) return undefined
  if (!new LiteralSet(inner.text).isIn(0, inner.text.length)) return []
  if (depth === DEEPEST) return [{ from: 0, to: text.length, with: REDACTED }]
  return findSecrets(inner.text, depth + 1).finds.map(({ from, to, with: by }) => ({
    from: inner.sourceOf(from),
    to: inner.sourceOf(to),
    with: by.replaceAll("\\", "\\\\").replaceAll('"', '\\"'),
  }))
}

function place(finds: PlacedFind[], found: readonly Find[], node: JsonNode | undefined, offset: number): void {
  for (const { from, to, with: by } of found) finds.push({ from: from + offset, to: to + offset, with: by, node })
}

/** Too short for a token, and without the signs that addresses and assignments have: most keys. */
function isPlainName(name: string): boolean {
  return name.length < SHORTEST_TOKEN && runEnd(name, 0, isNameCode) === name.length
}

/** In JSON there is always a string for it. */
function wholeOf(text: string, value: JsonNode, node: JsonNode): PlacedFind {
  return value.kind === "string"
    ? { from: value.from + 1, to: contentEnd(text, value), with: REDACTED, node }
    : { from: value.from, to: value.to, with: `"${REDACTED}"`, node }
}

function isSecretNode(text: string, node: JsonNode): boolean {
  if (isPrivateName(node.key) || isValueOf(node.key, text, node)) return true
  const cni = node.parent
  return node.step === "labels" && cni?.step === "cni" && cni.parent?.step === "args"
}

/** Of a program's arguments in a list: `--token`, with its value in the next item. */
function isSecretSwitch(text: string, { kind, parent, from, to }: JsonNode): boolean {
  if (kind !== "string" || parent?.kind !== "array" || text.charAt(from + 1) !== "-") return false
  const name = unquoted(text.slice(from, to))
  return isSecretName(name) && !name.includes("=")
}

function isBehind(before: JsonNode | undefined, { parent, step }: JsonNode): boolean {
  return before !== undefined && before.parent === parent && Number(step) === Number(before.step) + 1
}

/** Whether it is a secret under that name. */
function isValueOf(name: string | undefined, text: string, node: JsonNode): boolean {
  if (name === undefined) return false
  return node.kind === "string" ? isSecret(name, text.slice(node.from + 1, contentEnd(text, node))) : isSecretName(name)
}

/** Before the closing quote; the end of the text where the string was cut off. */
function contentEnd(text: string, node: JsonNode): number {
  return node.to > node.from + 1 && text.charAt(node.to - 1) === '"' ? node.to - 1 : node.to
}
