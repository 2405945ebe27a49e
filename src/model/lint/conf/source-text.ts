import { utf8Bytes } from "../utf8-offset.ts"

/** The text of a file, and how its characters are stored. Windows editors and PowerShell write marks and UTF-16. */
export type SourceText = {
  /** without a byte order mark */
  text: string
  encoding: "UTF-8" | "UTF-16LE" | "UTF-16BE"
  /** size of the byte order mark; 0 without one */
  markBytes: 0 | 2 | 3
}

/** A text that was read as UTF-8. */
export function toSourceText(text: string): SourceText {
  return text.startsWith("\ufeff")
    ? { text: text.slice(1), encoding: "UTF-8", markBytes: 3 }
    : { text, encoding: "UTF-8", markBytes: 0 }
}

/** Offset in the file of the character at that index of the text. */
export function byteOffset({ text, encoding, markBytes }: SourceText, at: number): number {
  return markBytes + (encoding === "UTF-8" ? utf8Bytes(text, at) : 2 * at)
}
