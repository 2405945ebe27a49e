/** Control characters, format characters (direction of text, zero width), line and paragraph separators. */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** `\x1b`, or `\u202e` above one byte. */
export function escapedCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code > 0xff ? unicodeEscape(code) : `\\x${code.toString(16).padStart(2, "0")}`
}

/** As in JSON and JavaScript. */
export function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, "0")}`
}
