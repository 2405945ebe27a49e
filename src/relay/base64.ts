const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** Base64 (RFC 4648 section 4) of a string of bytes, one character each. */
export function toBase64(latin1: string): string {
  const parts: string[] = []
  for (let at = 0; at < latin1.length; at += 3) {
    const a = latin1.charCodeAt(at)
    const b = latin1.charCodeAt(at + 1)
    const c = latin1.charCodeAt(at + 2)
    parts.push(
      ALPHABET.charAt(a >> 2) +
        ALPHABET.charAt(((a & 3) << 4) | (b >> 4)) +
        (at + 1 < latin1.length ? ALPHABET.charAt(((b & 15) << 2) | (c >> 6)) : "=") +
        (at + 2 < latin1.length ? ALPHABET.charAt(c & 63) : "="),
    )
  }
  return parts.join("")
}
