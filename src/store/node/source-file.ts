import { type SourceText, toSourceText } from "../../model/lint/conf/source-text.ts"

/** The content of a file in any encoding that editors write; every other content as UTF-8. */
export function decodeSource(content: Uint8Array): SourceText {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength)
  const [first, second, third, fourth] = bytes
  if (first === 0xff && second === 0xfe) return { text: utf16(bytes, 2), encoding: "UTF-16LE", markBytes: 2 }
  if (first === 0xfe && second === 0xff) return { text: utf16(swapped(bytes), 2), encoding: "UTF-16BE", markBytes: 2 }
  // Without a mark: JSON begins with two ASCII characters, so every other byte of them is NUL.
  if (first && second === 0 && third && fourth === 0)
    return { text: utf16(bytes, 0), encoding: "UTF-16LE", markBytes: 0 }
  if (first === 0 && second && third === 0 && fourth)
    return { text: utf16(swapped(bytes), 0), encoding: "UTF-16BE", markBytes: 0 }
  return toSourceText(bytes.toString("utf8"))
}

function utf16(bytes: Buffer, from: number): string {
  return bytes.subarray(from).toString("utf16le")
}

function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16()
}
