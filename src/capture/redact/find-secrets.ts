import { findInUrl, findUserinfo } from "./address.ts"
import { Finder, type SecretMatch } from "./finder.ts"
import { isSecretKeyKind, nameKind } from "./name-kind.ts"
import { replaceNamed, type TextName } from "./named-value.ts"
import { INDEX_OF_MARK, LITERALS, MARK_RULES, type MarkRule, RULE_OF_MARK } from "./rules/marks.ts"
import { replacePaired, replacePodMetadata, replaceSecretData } from "./secret-document.ts"
import {
  findInCommand,
  findKeyBlock,
  findKeyInLine,
  findPasswordFile,
  findScheme,
  findToken,
  findWireGuardKey,
} from "./secret-shape.ts"
import { CLASS, MARK_LIMIT, NOTATION, type SearchText, SPENT, type TextOpener } from "./text.ts"

/** What a search found. `searchedTo`: where in the source it ended, because its budget was used up. */
export type SearchResult = { matches: SecretMatch[]; searchedTo: number | undefined }

/** Lists of bytes that are decoded. */
const MOST_ENCODED = 8

export function findSecrets(opener: TextOpener, source: string): SearchResult {
  const t = opener.open(source)
  const f = new Finder(t)
  const stoppedAt = search(f)
  const searchedTo = stoppedAt === undefined ? undefined : t.sourceStart(stoppedAt)
  const matches = f.matches
  // Opening the first bytes closes the text.
  const ranges = byteRanges(t, matches, stoppedAt ?? t.content.length)
  for (const { notation, from, to } of ranges) matches.push(...searchBytes(opener, notation, from, to))
  opener.close()
  return { matches, searchedTo }
}

type EncodedRange = { notation: number; from: number; to: number }

/** Bytes written as numbers that are not part of a match. */
function byteRanges(t: SearchText, matches: readonly SecretMatch[], end: number): EncodedRange[] {
  const ranges: EncodedRange[] = []
  for (let at = 0; at < t.encoded.length && at < 3 * MOST_ENCODED; at += 3) {
    const [notation = 0, from = 0, to = 0] = t.encoded.slice(at, at + 3)
    const [sourceFrom, sourceTo] = [t.sourceStart(from), t.sourceEnd(to)]
    if (from < end && !matches.some((match) => match.from <= sourceFrom && match.to >= sourceTo))
      ranges.push({ notation, from, to })
  }
  return ranges
}

/** Secrets in bytes that are written as numbers; what is replaced remains a list of numbers. */
function searchBytes(opener: TextOpener, notation: number, from: number, to: number): SecretMatch[] {
  const f = new Finder(opener.openBytes(notation, from, to))
  const stoppedAt = search(f)
  if (stoppedAt !== undefined) f.add(stoppedAt, f.text.length)
  return f.matches.map((match) => ({ ...match, with: written(match.with, notation) }))
}

function written(text: string, notation: number): string {
  const bytes: string[] = []
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at)
    bytes.push(
      notation === NOTATION.decimal ? String(byte) : `${notation === NOTATION.hex ? "" : "0x"}${byte.toString(16)}`,
    )
  }
  return bytes.join(notation === NOTATION.decimal ? " " : notation === NOTATION.hex ? "" : ", ")
}

/** Follows the marks in the order of the text. Returns where it stopped if the budget was used up. */
function search(f: Finder): number | undefined {
  let nameTo = 0
  let at = 0
  let hit = f.t.nextHit(0, 0)
  while (hit >= 0) {
    const index = hit % MARK_LIMIT
    at = (hit - index) / MARK_LIMIT
    const rule = MARK_RULES[RULE_OF_MARK.charCodeAt(index) - 48]
    if (rule !== "word") findShape(f, rule, index, at)
    else if (at >= nameTo) nameTo = findName(f, at, nameTo)
    hit = f.doneTo > at ? f.t.nextHit(f.doneTo, 0) : f.t.nextHit(at, index + 1)
  }
  return hit === SPENT ? stopAt(f, at) : undefined
}

/** Before the word at which the search stopped, so that no half of a secret is left. */
function stopAt(f: Finder, at: number): number {
  const from = f.t.runStart(at, f.doneTo, CLASS.address)
  return Math.max(f.doneTo, from)
}

function findShape(f: Finder, rule: MarkRule | undefined, mark: number, at: number): void {
  const index = INDEX_OF_MARK.charCodeAt(mark) - 48
  const literal = LITERALS[mark] ?? ""
  if (rule === "token") findToken(f, index, literal, at)
  else if (rule === "url") findInUrl(f, at)
  else if (rule === "userinfo") findUserinfo(f, at)
  else if (rule === "scheme") findScheme(f, literal, at)
  else if (rule === "line") findKeyInLine(f, index, at)
  else if (rule === "command") findInCommand(f, index, at)
  else if (rule === "key block") findKeyBlock(f, literal, at)
  else if (rule === "annotations" || rule === "labels") replacePodMetadata(f, at, literal)
  else if (rule === "wireguard") findWireGuardKey(f, at)
  else if (rule === "pgpass") findPasswordFile(f, at)
}

const LONGEST_NAME = 100

/** Finds the value of the name that contains this position; returns the end of the name. */
function findName(f: Finder, at: number, notBefore: number): number {
  const { t, text } = f
  const from = t.runStart(at, notBefore, CLASS.word)
  let to = t.runEnd(at, CLASS.word)
  while (text.charCodeAt(to) === 46 && t.runEnd(to + 1, CLASS.word) > to + 1) to = t.runEnd(to + 1, CLASS.word)
  if (to - from > LONGEST_NAME) return to
  const own = text.slice(from, to)
  const name = spacedName(f, { text: own, from, to, kind: nameKind(own) })
  if (name.kind === "none") return to
  if (own.toLowerCase() === "secret" && replaceSecretData(f, name)) return to
  if (!replacePaired(f, name)) replaceNamed(f, name)
  return to
}

/** Two words that name a secret only together: `api key`, `client secret`. */
function spacedName(f: Finder, name: TextName): TextName {
  const lower = name.text.toLowerCase()
  if (lower !== "key" && lower !== "keys" && lower !== "secret") return name
  const gap = f.t.runStart(name.from, 0, CLASS.blank)
  const from = f.t.runStart(gap, Math.max(0, gap - 24), CLASS.word)
  const kind = f.text.slice(from, gap).toLowerCase()
  if (gap === name.from || !isSecretKeyKind(kind)) return name
  return { ...name, kind: "secret", isSpaced: true }
}
