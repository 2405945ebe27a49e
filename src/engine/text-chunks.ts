import { Buffer } from "./modules/buffer.ts"

/** Turns chunks of bytes into text: the beginning of a character at the end of one waits for the next. */
export class TextChunks {
  #held = Buffer.alloc(0)

  push(chunk: Buffer, isLast: boolean): string {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk
    const whole = isLast ? bytes.length : wholeCharacters(bytes)
    this.#held = bytes.subarray(whole) as Buffer
    return bytes.toString("utf8", 0, whole)
  }
}

/** Without the beginning of a character at the end. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) break
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? bytes.length - back : bytes.length
  }
  return bytes.length
}
