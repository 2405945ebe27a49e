import { isDigit, type NameKind } from "./name-kind.ts"
import { FILE_ENDS, LITERALS, MODES, REMARK_ENDS, REMARKS, ROOTS, TYPES } from "./rules/vocabulary.ts"
import { isListed } from "./word-list.ts"

const LONGEST_WORD = 20

/** Whether the value of a name of this kind is not a secret. `isBare`: neither the value nor its name is quoted. */
export function isOrdinary(kind: NameKind, value: string, isBare: boolean): boolean {
  if (value === "" || isPlaceholder(value)) return true
  if (isPath(value)) return true
  if (value.length > 253) return false
  if (kind === "reference") return isObjectName(value)
  if (kind === "location") return isObjectName(value) && (value.includes(".") || value.includes("/"))
  if (isBare && ((value.length <= 3 && isNumber(value)) || isDuration(value))) return true
  return kind === "weak" && (isListed(MODES, value.toLowerCase()) || isNumber(value))
}

/** A word that says something about the secret that was named before it. */
export function isRemark(word: string): boolean {
  const lower = word.toLowerCase()
  if (isListed(REMARKS, lower)) return true
  return isPlain(word) && REMARK_ENDS.some((end) => lower.endsWith(end))
}

/** Letters only, all lower case or all upper case except for the first. */
export function isPlain(word: string): boolean {
  if (word.length > LONGEST_WORD || !(word.slice(1) === word.slice(1).toLowerCase() || word === word.toUpperCase()))
    return false
  return isLetters(word)
}

export function isLetters(word: string): boolean {
  for (let at = 0; at < word.length; at++) if (!isLetter(word.charCodeAt(at))) return false
  return word !== ""
}

export function isTypeName(word: string): boolean {
  return isListed(TYPES, word)
}

/** The name of a Kubernetes object, as after `secret`. */
export function isObjectName(value: string): boolean {
  return consistsOf(value, "-./")
}

export function isFileName(value: string): boolean {
  return FILE_ENDS.some((end) => value.endsWith(end))
}

/** Only letters of a token: it is not a sentence, and not punctuation. */
export function hasLetterOrDigit(word: string): boolean {
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at)
    if (isLetter(code) || isDigit(code)) return true
  }
  return false
}

/** `$TOKEN`, `{{ .password }}`, `<token>`, `%s`, `***`: the place of a secret. */
function isPlaceholder(value: string): boolean {
  if (isListed(LITERALS, value)) return true
  const first = value.charAt(0)
  if (first === "<" || first === "(")
    return value.length < 40 && (value.endsWith(">") || value.endsWith(")") || isListed(LITERALS, value.slice(1)))
  if (first === "$") return value.startsWith("${") || value.startsWith("$(") || isVariable(value)
  if (first === "%") return value.length <= 3
  if (value.startsWith("{{")) return true
  return (first === "*" || first === "x" || first === "X" || first === "." || first === "-") && isRepeated(value)
}

function isVariable(value: string): boolean {
  for (let at = 1; at < value.length; at++) {
    const code = value.charCodeAt(at)
    if (!(code === 95 || isDigit(code) || (code >= 65 && code <= 90))) return false
  }
  return value.length > 1
}

function isRepeated(value: string): boolean {
  for (let at = 1; at < value.length; at++) if (value.charCodeAt(at) !== value.charCodeAt(0)) return false
  return value.length > 1 || value === "*"
}

/** An absolute path. A password may begin with a slash: the path is one of a Unix system, or all in lower case. */
export function isPath(value: string): boolean {
  if (value.charAt(0) !== "/" || value.length > 253) return false
  const slash = value.indexOf("/", 1)
  if (slash < 0) return isListed(ROOTS, value.slice(1))
  return isListed(ROOTS, value.slice(1, slash))
    ? consistsOf(value.toLowerCase(), "-._/@~+:")
    : consistsOf(value, "-._/")
}

/** Decimal, hexadecimal after `0x`, also several of them: `65000:100`, `0x0/-1`. */
function isNumber(value: string): boolean {
  const isHex = value.startsWith("0x")
  for (let at = isHex ? 2 : 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    const isPart = isDigit(code) || code === 58 || code === 46 || code === 47 || code === 45
    if (!isPart && !(isHex && code >= 97 && code <= 102)) return false
  }
  return true
}

/** `0.01s`, `24h`, `10ms` */
function isDuration(value: string): boolean {
  let at = 0
  while (isDigit(value.charCodeAt(at)) || value.charAt(at) === ".") at++
  return at > 0 && ["s", "ms", "m", "h", "s)"].includes(value.slice(at))
}

/** Only lower-case letters, digits and these. */
function consistsOf(value: string, others: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at)
    const isAllowed = (code >= 97 && code <= 122) || isDigit(code)
    if (!isAllowed && !others.includes(value.charAt(at))) return false
  }
  return value.length > 0
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 127
}
