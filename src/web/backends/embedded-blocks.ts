import type { EmbeddedBlock } from "../../export/html.ts"
import { type Operation, walk } from "../../model/operation.ts"
import { type OperationSummary, type PackedOperations, unpackOperations } from "../../model/packed-operations.ts"

const MOST_CACHED = 3

/** The operations in a file: compressed, and read block by block. */
export class EmbeddedBlocks {
  readonly #blocks: readonly EmbeddedBlock[]
  /** by call: its block */
  readonly #blockOf = new Map<string, number>()
  readonly #cache = new Map<number, Promise<Operation[]>>()

  constructor(blocks: readonly EmbeddedBlock[]) {
    this.#blocks = blocks
  }

  get count(): number {
    return this.#blocks.length
  }

  /** The operations of a block without streams. */
  async summaries(at: number): Promise<OperationSummary[]> {
    const block = this.#blocks[at]
    if (!block) return []
    const operations = unpackOperations(await inflated<PackedOperations>(block.summaries))
    for (const operation of operations) for (const { call } of walk(operation.calls)) this.#blockOf.set(call.id, at)
    return operations
  }

  /** The operations of a block with their streams. */
  whole(at: number): Promise<Operation[]> {
    const cached = this.#cache.get(at)
    if (cached) return cached
    const block = this.#blocks[at]
    const operations = block ? inflated<Operation[]>(block.operations) : Promise.resolve([])
    this.#cache.set(at, operations)
    const [oldest] = this.#cache.size > MOST_CACHED ? this.#cache.keys() : []
    if (oldest !== undefined) this.#cache.delete(oldest)
    return operations
  }

  /** The operation of a call. Undefined if it is not in the file. */
  async operationOf(callId: string): Promise<Operation | undefined> {
    const at = this.#blockOf.get(callId)
    if (at === undefined) return undefined
    return (await this.whole(at)).find(({ calls }) => walk(calls).some(({ call }) => call.id === callId))
  }

  /** All operations with their streams, in the order they began. */
  async *all(): AsyncGenerator<Operation> {
    for (let at = 0; at < this.#blocks.length; at++) yield* await this.whole(at)
  }
}

async function inflated<Value>(base64: string): Promise<Value> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
  return (await new Response(stream).json()) as Value
}

/** As `inflated` reads it. */
export async function deflated(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
  let binary = ""
  // A call takes a limited number of arguments.
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192))
  return btoa(binary)
}
