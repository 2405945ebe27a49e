import type { Finder } from "./finder.ts"
import { isPlain } from "./ordinary-value.ts"
import { REDACTED } from "./redacted.ts"
import { COMMAND_RULES, LINE_RULES } from "./rules/lines.ts"
import type { Alphabet } from "./rules/rule.ts"
import { TOKENS } from "./rules/tokens.ts"
import { CLASS } from "./text.ts"

const ALPHABETS: Record<Alphabet, number> = {
  digits: CLASS.digits,
  hex: CLASS.hex,
  alnum: CLASS.alnum,
  word: CLASS.word,
  base64: CLASS.base64,
  dotted: CLASS.dotted,
  crypt: CLASS.crypt,
  path: CLASS.path,
}

/** A token of a vendor, by its published format. */
export function findToken(f: Finder, index: number, literal: string, at: number): void {
  const { t, text } = f
  const rule = TOKENS[index]
  if (!rule) return
  const of = ALPHABETS[rule.of]
  const body = at + literal.length
  let to = t.runEnd(body, of)
  const length = to - body
  if (length < rule.min || length > (rule.max ?? text.length)) return
  let from = at
  if (rule.before !== undefined) {
    from = t.runStart(at, Math.max(0, at - LONGEST_WORD), rule.of === "digits" ? CLASS.hex : CLASS.word)
    if (at - from < rule.before) return
  } else if (!rule.isPublic && isInWord(text, at, literal, rule.isWrapped === true)) return
  // Letters alone are not a token: `sk-` also occurs inside hyphenated names.
  if (literal.length <= 3 && rule.of === "word" && !isMixed(text.slice(body, body + 64))) return
  if (rule.of === "path" && literal.endsWith("-") && !text.slice(body, to).includes(":")) return
  while (rule.isWrapped) {
    const next = t.runEnd(to, CLASS.space)
    const end = t.runEnd(next, of)
    if (next === to || end - next < 40 || text.slice(to, next).indexOf("\n") < 0) break
    to = end
  }
  for (let signs = 0; signs < 8 && to > body && ".-:,".includes(text.charAt(to - 1)); signs++) to--
  f.add(rule.isPublic ? body : from, to)
}

const LONGEST_WORD = 200

/** Whether a literal that begins with a letter or digit continues a word. */
function isInWord(text: string, at: number, literal: string, isBase64: boolean): boolean {
  if (at === 0 || !isWordCode(literal.charCodeAt(0))) return false
  const before = text.charCodeAt(at - 1)
  return isWordCode(before) || (literal.length <= 3 && !isBase64 && (before === 45 || before === 95 || before === 46))
}

function isMixed(word: string): boolean {
  let hasDigit = false
  let hasUpper = false
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at)
    hasDigit ||= code >= 48 && code <= 57
    hasUpper ||= code >= 65 && code <= 90
  }
  return hasDigit && hasUpper
}

function isWordCode(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
}

/** A key in the rest of the line: the first word of at least `min` hexadecimal digits. */
export function findKeyInLine(f: Finder, index: number, mark: number): void {
  const { t, text } = f
  const min = LINE_RULES[index]?.min ?? 0
  const end = Math.min(t.runEnd(mark, CLASS.line), mark + 160)
  let at = mark
  for (let words = 0; at < end && words < 16; words++) {
    const from = text.startsWith("0x", at) ? at + 2 : at
    const to = t.runEnd(from, CLASS.hex)
    if (to - from >= min) {
      f.add(from, to)
      return
    }
    at = Math.max(t.runEnd(at, CLASS.dotted), at + 1)
    while (at < end && !isWordCode(text.charCodeAt(at))) at++
  }
}

/** A password in a command line: `mysql -u root -px`, `curl -u user:x`. */
export function findInCommand(f: Finder, index: number, mark: number): void {
  const { t, text } = f
  const rule = COMMAND_RULES[index]
  if (!rule) return
  const line = text.slice(mark, Math.min(t.runEnd(mark, CLASS.line), mark + 400))
  for (const name of rule.switches.split(" ")) {
    t.spend(40)
    const at = line.indexOf(` ${name}`)
    if (at < 0) continue
    const value = mark + at + name.length + 1
    let from = t.runEnd(value, CLASS.blank)
    if (text.charAt(from) === "=") from++
    const quote = f.quoteAt(from)
    if (quote !== "") from += quote.length
    const to = quote === "" ? f.valueEnd(from) : f.contentEnd(from - quote.length, quote)
    const word = text.slice(from, to)
    const colon = word.indexOf(":")
    if (word === "" || word.startsWith("-") || word.startsWith("$") || (name.startsWith("--") && from === value))
      continue
    if (rule.part && (colon < 0 || word.startsWith("//", colon + 1))) continue
    // `mysql -p app`: the password is asked for, and what follows is the database.
    if (!rule.part && from > value && line.startsWith("mysql") && isPlain(word)) continue
    f.add(rule.part ? from + colon + 1 : from, to)
  }
}

/** A PEM or PGP block with a private key. */
export function findKeyBlock(f: Finder, literal: string, at: number): void {
  const { t, text } = f
  const from = at + literal.length
  if (
    !text
      .slice(Math.max(0, at - 30), at)
      .toUpperCase()
      .includes("BEGIN")
  )
    return
  const end = text.indexOf("-----END", from)
  t.spend(((end < 0 ? text.length : end) - from) >> 3)
  if (end >= 0) {
    // A line break that is escaped once more than this search resolves stays before the end.
    f.add(from, end)
    return
  }
  const quote = text.indexOf('"', from)
  f.add(from, quote < 0 ? text.length : quote)
}

/** `Bearer x`, `Basic x`, also with other signs between: a scheme of authentication and its credentials. */
export function findScheme(f: Finder, literal: string, at: number): void {
  const { t, text } = f
  const end = at + literal.length
  if (at > 0 && isWordCode(text.charCodeAt(at - 1))) return
  let from = end
  for (let signs = 0; signs < 6; signs++) {
    from = t.runEnd(t.runEnd(from, CLASS.blank), CLASS.sign)
    from += f.quoteAt(from).length
  }
  if (from === end) return
  const to = f.valueEnd(from)
  const word = text.slice(from, Math.min(to, from + 200))
  t.spend(30 + (literal === "basic" ? 8 * word.length : 0))
  if (literal === "basic" ? !isUserAndPassword(word) : !isToken(word)) return
  f.add(from, to)
}

/** Base64 with a colon in what it stands for. */
function isUserAndPassword(word: string): boolean {
  if (word.length < 8) return false
  let bits = 0
  let count = 0
  let hasColon = false
  for (let at = 0; at < word.length; at++) {
    const digit = BASE64.indexOf(word.charAt(at))
    if (digit === 64) break
    if (digit < 0) return false
    bits = ((bits << 6) | digit) & 0xffff
    count += 6
    if (count < 8) continue
    count -= 8
    const byte = (bits >> count) & 0xff
    if (byte < 32 || byte > 126) return false
    hasColon ||= byte === 58
  }
  return hasColon || (isMixed(word) && word.length >= 16)
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

function isToken(word: string): boolean {
  const equals = word.indexOf("=")
  // `Bearer realm="..."` asks for a token.
  if (word.length < 4 || word.startsWith(REDACTED) || (equals > 0 && equals < 16)) return false
  return !isPlain(word.replace(":", "")) && !"<$({%".includes(word.charAt(0))
}

/** The dump of `wg show`: the private key of an interface, or the pre-shared key of a peer, as the second of two keys. */
export function findWireGuardKey(f: Finder, mark: number): void {
  const { t, text } = f
  const from = mark + 1 - KEY_LENGTH
  if (from < 0 || t.runEnd(from, CLASS.base64) !== mark + 1) return
  const next = mark + 2
  const end = t.runEnd(next, CLASS.base64)
  if (end - next !== KEY_LENGTH || text.charAt(end - 1) !== "=") return
  const port = t.runEnd(end, CLASS.blank)
  const isInterface =
    t.runEnd(port, CLASS.digits) > port &&
    t.runEnd(port, CLASS.dotted) === t.runEnd(port, CLASS.digits) &&
    text.charAt(t.runEnd(port, CLASS.digits)) !== ":"
  if (isInterface) f.add(from, mark + 1)
  else f.add(next, end)
}

const KEY_LENGTH = 44

/** `host:port:database:user:password`, the format of PostgreSQL's password file. */
export function findPasswordFile(f: Finder, mark: number): void {
  const { t, text } = f
  const from = t.runStart(mark, Math.max(f.doneTo, mark - LONGEST_WORD), CLASS.address)
  const to = Math.min(t.runEnd(mark, CLASS.value), mark + LONGEST_WORD)
  const fields = text.slice(from, to).split(":")
  if (fields.length < 5 || from + (fields[0] ?? "").length !== mark) return
  f.add(from + fields.slice(0, 4).join(":").length + 1, to)
}
