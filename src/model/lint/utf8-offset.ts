/** Length in bytes of the first `characters` UTF-16 code units of a text in UTF-8. */
export function utf8Bytes(text: string, characters: number): number {
  let bytes = 0
  for (let at = 0; at < characters; at++) bytes += bytesOf(text.charCodeAt(at))
  return bytes
}

/** Index of the UTF-16 code unit that contains the given byte of the text's UTF-8; the text's length beyond its end. */
export function characterAt(text: string, byte: number): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    bytes += bytesOf(text.charCodeAt(at))
    if (bytes > byte) return at
  }
  return text.length
}

/** A surrogate counts as two bytes: half of the four bytes of its pair. */
function bytesOf(code: number): number {
  return code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3
}
