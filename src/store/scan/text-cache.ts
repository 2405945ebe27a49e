import { type ByteScanner, Literal } from "./byte-scanner.ts"
import { ByteSlice } from "./byte-slice.ts"

const ENTRIES = 8

/** Values that repeat in nearly every line, such as the node's name: recognized by one comparison of all their bytes. */
export class TextCache {
  readonly #entries: { literal: Literal; text: ByteSlice }[] = []
  #oldest = 0

  /** Reads a text and moves past its closing quote; undefined if it has escapes or is not plain ASCII. */
  read(scanner: ByteScanner, bytes: Buffer): ByteSlice | undefined {
    for (const { literal, text } of this.#entries) if (scanner.skip(literal)) return text
    const found = new ByteSlice()
    if (!scanner.text(found)) return undefined
    const text = ByteSlice.of(found.text())
    const quoted = bytes.subarray(found.from, scanner.at)
    if (quoted.length < Literal.MIN_BYTES) return text
    this.#entries[this.#oldest] = { literal: new Literal(quoted), text }
    this.#oldest = (this.#oldest + 1) % ENTRIES
    return text
  }
}
