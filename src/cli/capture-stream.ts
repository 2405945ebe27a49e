import { completeSegments } from "../store/capture/segments.ts"
import { openCaptures } from "./args/captures.ts"
import type { Context } from "./context.ts"
import { changesOf } from "./follow.ts"

/**
 * Writes the segments of a capture as they grow: a line such as `{"segment":"calls-20261124T15.jsonl","sizeBytes":120}`
 * and then that many bytes of complete lines. Whenever all is written that there is, a line without a size follows: `{}`.
 * `positions`: what the reader has already: `calls-20261124T15.jsonl:4096`.
 */
export async function streamCapture(
  context: Context,
  options: Record<string, unknown>,
  positions: readonly string[],
): Promise<void> {
  const capture = await openCaptures(context, options)
  const written = new Map(positions.map(readPosition))
  const write = async (data: string | Uint8Array) => {
    const { stdout } = context
    if (stdout.write(data) === false && stdout.once) await new Promise<void>((done) => stdout.once?.("drain", done))
  }
  let isFirst = true
  for await (const _ of changesOf(context, capture)) {
    let isChanged = isFirst
    isFirst = false
    for (const segment of await completeSegments(capture)) {
      const from = written.get(segment.name) ?? 0
      let leftBytes = segment.sizeBytes - from
      if (leftBytes <= 0) continue
      await write(`${JSON.stringify({ segment: segment.name, sizeBytes: leftBytes })}\n`)
      for await (const chunk of segment.chunks(from)) {
        await write(chunk.subarray(0, leftBytes))
        leftBytes -= chunk.length
        if (leftBytes <= 0) break
      }
      written.set(segment.name, segment.sizeBytes)
      isChanged = true
    }
    if (isChanged) await write("{}\n")
  }
}

function readPosition(text: string): [string, number] {
  const at = text.lastIndexOf(":")
  return [text.slice(0, at), Number(text.slice(at + 1))]
}
