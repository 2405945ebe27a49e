/** Whether a character code belongs to a class. */
export type CharacterClass = (code: number) => boolean

/** End of the run of such characters that starts at `from`. */
export function runEnd(text: string, from: number, belongs: CharacterClass): number {
  let at = from
  while (at < text.length && belongs(text.charCodeAt(at))) at++
  return at
}

/** Start of the run of such characters that ends at `to`. */
export function runStart(text: string, to: number, notBefore: number, belongs: CharacterClass): number {
  let at = to
  while (at > notBefore && belongs(text.charCodeAt(at - 1))) at--
  return at
}

/** Position of the next occurrence; the end of the text if there is none. */
export function indexOrEnd(text: string, needle: string, from: number): number {
  const at = text.indexOf(needle, from)
  return at < 0 ? text.length : at
}

/** Calls `found` for each occurrence; it returns where to continue, which is never before the end of the needle. */
export function forEach(text: string, needle: string, found: (at: number, searchedTo: number) => number): void {
  let searchedTo = 0
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, searchedTo))
    searchedTo = Math.max(found(at, searchedTo), at + needle.length)
}

/** U+0130 is the only character whose lower case is longer: positions in the result are positions in the text. */
export function asciiLower(text: string): string {
  return text.replaceAll("\u0130", "I").toLowerCase()
}

export function isQuote(code: number): boolean {
  return code === 34 || code === 39
}

export function isBlank(code: number): boolean {
  return code === 32 || code === 9
}

export function isLineEnd(code: number): boolean {
  return code === 10 || code === 13
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

export function isLowerLetter(code: number): boolean {
  return code >= 97 && code <= 122
}

/** An ASCII letter, or any character that is not ASCII. */
export function isLetter(code: number): boolean {
  return isLowerLetter(code) || (code >= 65 && code <= 90) || code > 127
}

export function isNameCode(code: number): boolean {
  return isDigit(code) || (code < 128 && isLetter(code)) || code === 95 || code === 45
}

/** A word ends at white space, quotes, a backslash and the punctuation that closes a value. */
export function isWordCode(code: number): boolean {
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
