/** node:stream/promises: a source, steps that take and yield chunks, and what consumes them. */
type Chunks = AsyncIterable<unknown>

export async function pipeline(
  source: Chunks,
  ...steps: ((chunks: Chunks) => Chunks | Promise<void>)[]
): Promise<void> {
  let chunks: Chunks | Promise<void> = source
  for (const step of steps) chunks = step(chunks as Chunks)
  await chunks
}
