/** What a character of a run is, by its code. */
export type Kind = (code: number) => boolean

/** Where the run of such characters that starts at `from` ends. */
export function runEnd(text: string, from: number, belongs: Kind): number {
  let at = from
  while (at < text.length && belongs(text.charCodeAt(at))) at++
  return at
}

/** Where the run of such characters that ends at `to` starts. */
export function runStart(text: string, to: number, notBefore: number, belongs: Kind): number {
  let at = to
  while (at > notBefore && belongs(text.charCodeAt(at - 1))) at--
  return at
}

/** Where the needle stands next; the end of the text where it does not. */
export function before(text: string, needle: string, from: number): number {
  const at = text.indexOf(needle, from)
  return at < 0 ? text.length : at
}

/** Calls for each place the needle stands at; `found` returns where to search on, which is never before its end. */
export function forEach(text: string, needle: string, found: (at: number, searchedTo: number) => number): void {
  let searchedTo = 0
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, searchedTo))
    searchedTo = Math.max(found(at, searchedTo), at + needle.length)
}

/** Only U+0130 grows when it is made small: positions in the result are positions in the text. */
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

export function isSmallLetter(code: number): boolean {
  return code >= 97 && code <= 122
}

/** Of ASCII, and whatever is not ASCII. */
export function isLetter(code: number): boolean {
  return isSmallLetter(code) || (code >= 65 && code <= 90) || code > 127
}

export function isNameCode(code: number): boolean {
  return isDigit(code) || (code < 128 && isLetter(code)) || code === 95 || code === 45
}

/** Ends at white space, quotes, a backslash and the punctuation that closes a value. */
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
