import { KEY_KINDS, LETTER_OF, MEANINGS } from "./rules/words.ts"
import { listedAs } from "./word-list.ts"

/**
 * What a name says about its value: `secret`; `weak`: secret unless it is a number or a common word; `reference` and
 * `location`: secret unless it is the name of an object or a path; `object`: only a string is secret.
 */
export type NameKind = "none" | "secret" | "weak" | "reference" | "location" | "object"

/** Lower-case ends of words that are written without a separator, as in `dbpassword`. */
const GLUED = ["password", "passwd", "passphrase", "token", "secret", "credentials", "apikeys"]
/** `keyData` is a secret, `keyValue` is not. */
const KEY_DATA = ["data", "material", "bytes", "pem", "raw", "hex", "base64"]
const GLUED_REFERENCES = ["file", "path", "name"]

/** Each name is analysed once. */
const known: Record<string, NameKind | undefined> = {}
let knownCount = 0
const MOST_KNOWN = 4096

export function nameKind(name: string): NameKind {
  const before = known[name]
  if (before !== undefined) return before
  const kind = kindOf(wordsOf(name))
  if (knownCount++ < MOST_KNOWN) known[name] = kind
  return kind
}

/** Whether a key of that kind is secret, as in `api key` and `signing keys`. */
export function isSecretKeyKind(word: string): boolean {
  return listedAs(KEY_KINDS, word) === LETTER_OF["closed key"]
}

function isOpenKeyKind(word: string): boolean {
  return listedAs(KEY_KINDS, word) === LETTER_OF["open key"]
}

function kindOf(words: readonly string[]): NameKind {
  if (listedAs(MEANINGS, words.join("")) === LETTER_OF.object) return "object"
  let last = words.length - 1
  while (last > 0 && isNeutral(words[last] ?? "")) last--
  const head = words[last] ?? ""
  const before = words[last - 1] ?? ""
  const own = meaning(head)
  if (own === LETTER_OF.plain) return "none"
  if (own === LETTER_OF.secret) return "secret"
  if (own === LETTER_OF.weak) return "weak"
  const isAfterSecret = words.slice(0, last).some((word, at) => isSecretWord(word, words[at - 1] ?? ""))
  if (own === LETTER_OF.refers) return isAfterSecret ? "reference" : "none"
  if (own === LETTER_OF.locates) return isAfterSecret ? "location" : "none"
  if (own === LETTER_OF.describes) return "none"
  if (own === LETTER_OF.key) return keyKind(head, before, KEY_DATA.includes(words[last + 1] ?? ""))
  if (GLUED.some((end) => head.endsWith(end))) return "secret"
  if (head.endsWith("key") && head.length > 3) return isOpenKeyKind(head.slice(0, -3)) ? "none" : "secret"
  for (const end of GLUED_REFERENCES)
    if (head.endsWith(end) && isSecretWord(head.slice(0, -end.length), ""))
      return end === "name" ? "reference" : "location"
  return isAfterSecret ? "secret" : "none"
}

/** `key` alone is the other half of `value`. */
function keyKind(head: string, before: string, isKeyData: boolean): NameKind {
  if (before === "") return isKeyData ? "secret" : "none"
  if (head === "keys") return isSecretKeyKind(before) ? "secret" : "none"
  return isOpenKeyKind(before) ? "none" : "secret"
}

function isSecretWord(word: string, before: string): boolean {
  const own = meaning(word)
  if (own === LETTER_OF.secret) return true
  if (own === LETTER_OF.key) return isSecretKeyKind(before)
  return (
    own === undefined &&
    (GLUED.some((end) => word.endsWith(end)) || (word.endsWith("key") && isSecretKeyKind(word.slice(0, -3))))
  )
}

function meaning(word: string): string | undefined {
  const own = listedAs(MEANINGS, word)
  if (own !== undefined) return own
  const bare = withoutNumber(word)
  return bare === word ? undefined : listedAs(MEANINGS, bare)
}

function isNeutral(word: string): boolean {
  return word === "" || meaning(word) === LETTER_OF.neutral || withoutNumber(word) === ""
}

function withoutNumber(word: string): string {
  let to = word.length
  while (to > 0 && isDigit(word.charCodeAt(to - 1))) to--
  return to === word.length ? word : word.slice(0, to)
}

/** Words in lower case: they begin after a separator and at a change from lower to upper case. */
export function wordsOf(name: string): string[] {
  const lower = name.toLowerCase()
  const words: string[] = []
  let from = 0
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (code === 95 || code === 45 || code === 46) {
      if (at > from) words.push(lower.slice(from, at))
      from = at + 1
    } else if (at > from && isUpper(code)) {
      const isAfterUpper = isUpper(name.charCodeAt(at - 1))
      if (!isAfterUpper || isLower(name.charCodeAt(at + 1))) {
        words.push(lower.slice(from, at))
        from = at
      }
    }
  }
  if (from < name.length) words.push(lower.slice(from))
  return words
}

function isUpper(code: number): boolean {
  return code >= 65 && code <= 90
}

function isLower(code: number): boolean {
  return code >= 97 && code <= 122
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
