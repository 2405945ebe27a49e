import { closeSync, readSync } from "node:fs"
import type { Place } from "./block.ts"
import { firstStart, openSegment } from "./block-lines.ts"

/** Texts of more than 128 KiB lie in a part of V8's memory that is cleared late. */
const WINDOW_BYTES = 64 * 1024
const NEWLINE = 10

/** One for all blocks. */
let window: Buffer | undefined

/**
 * Where the lines start in which the expression finds something, from the start of the segment, in order: those that
 * start in the block. A line that the window does not hold counts as one. Source and alphabet: see `needleOf`.
 */
export function searchBlock(path: string, { fromByte, toByte }: Place, needle: string): Float64Array {
  const file = openSegment(path)
  if (file === undefined) return new Float64Array()
  window ??= Buffer.allocUnsafeSlow(WINDOW_BYTES)
  const expression = new RegExp(needle, "g")
  const found: number[] = []
  try {
    let offset = fromByte === 0 ? 0 : firstStart(file, fromByte, toByte)
    while (offset >= 0 && offset < toByte) {
      const heldBytes = readSync(file, window, 0, WINDOW_BYTES, offset)
      const end = heldBytes < WINDOW_BYTES ? heldBytes : window.lastIndexOf(NEWLINE) + 1
      if (heldBytes === 0) break
      if (end === 0) {
        found.push(offset)
        offset = firstStart(file, offset + heldBytes, Number.POSITIVE_INFINITY)
        continue
      }
      const text = window.toString("latin1", 0, end)
      for (const start of linesWith(expression, text)) if (offset + start < toByte) found.push(offset + start)
      offset += end
    }
  } finally {
    closeSync(file)
  }
  return Float64Array.from(found)
}

function* linesWith(expression: RegExp, text: string): Generator<number> {
  expression.lastIndex = 0
  while (expression.test(text)) {
    yield text.lastIndexOf("\n", expression.lastIndex - 1) + 1
    const next = text.indexOf("\n", expression.lastIndex)
    if (next < 0) return
    expression.lastIndex = next
  }
}
