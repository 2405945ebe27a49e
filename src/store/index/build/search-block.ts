import { closeSync, readSync } from "node:fs"
import type { ByteRange } from "../block.ts"
import { firstStart, openSegment } from "./block-pieces.ts"

/** V8 keeps strings of more than 128 KiB in its large-object space, which is collected late. */
const BUFFER_BYTES = 64 * 1024
const NEWLINE = 10

/** Shared by all blocks. */
let scanBuffer: Buffer | undefined

/**
 * Offsets in the segment, in order, of the lines that start in the block and that the prefilter matches (`prefilterOf`:
 * a regular expression over latin1). A line that does not fit into the buffer counts as a match.
 */
export function searchBlock(path: string, { fromByte, toByte }: ByteRange, prefilter: string): Float64Array {
  const file = openSegment(path)
  if (file === undefined) return new Float64Array()
  scanBuffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES)
  const expression = new RegExp(prefilter, "g")
  const found: number[] = []
  try {
    let offset = fromByte === 0 ? 0 : firstStart(file, fromByte, toByte)
    while (offset >= 0 && offset < toByte) {
      const heldBytes = readSync(file, scanBuffer, 0, BUFFER_BYTES, offset)
      const end = heldBytes < BUFFER_BYTES ? heldBytes : scanBuffer.lastIndexOf(NEWLINE) + 1
      if (heldBytes === 0) break
      if (end === 0) {
        found.push(offset)
        offset = firstStart(file, offset + heldBytes, Number.POSITIVE_INFINITY)
        continue
      }
      const text = scanBuffer.toString("latin1", 0, end)
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
