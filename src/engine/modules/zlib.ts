/** node:zlib over zlib itself. */
import * as native from "native"
import { Buffer } from "./buffer.ts"
import { EventEmitter } from "./events.ts"

const CHUNK_BYTES = 1 << 16
const STATUS = { ok: 0, end: 1, dataError: -3, bufferError: -5 }
const CODES: Readonly<Record<number, string>> = {
  [-2]: "Z_STREAM_ERROR",
  [-3]: "Z_DATA_ERROR",
  [-4]: "Z_MEM_ERROR",
  [-5]: "Z_BUF_ERROR",
}

export function crc32(data: string | Uint8Array, before = 0): number {
  return native.crc32(typeof data === "string" ? Buffer.from(data) : data, before)
}

export function gunzipSync(bytes: Uint8Array): Buffer {
  return Buffer.concat([...new Inflater().push(bytes, true)])
}

/** One that takes chunks and yields chunks, for a pipeline. */
export function createGunzip(): (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer> {
  return async function* gunzip(chunks) {
    const inflater = new Inflater()
    for await (const chunk of chunks) yield* inflater.push(chunk, false)
    yield* inflater.push(new Uint8Array(0), true)
  }
}

/** gzip files may have several members; what follows the last is ignored, as Node.js does. */
class Inflater {
  readonly #stream = native.openStream(false)
  #hasEnded = false;

  *push(bytes: Uint8Array, isLast: boolean): Generator<Buffer> {
    for (let rest = bytes; ; ) {
      if (this.#hasEnded) {
        // gzip's magic number: another member.
        if (rest[0] !== 0x1f) return
        native.resetStream(this.#stream)
        this.#hasEnded = false
      }
      const { output, read, status, message } = native.pushStream(this.#stream, rest, isLast, CHUNK_BYTES)
      if (output.byteLength > 0) yield Buffer.from(output)
      if (status < 0 && status !== STATUS.bufferError) throw zlibError(status, message)
      rest = rest.subarray(read)
      this.#hasEnded = status === STATUS.end
      if (rest.length > 0 || output.byteLength === CHUNK_BYTES) continue
      if (isLast && !this.#hasEnded) throw zlibError(STATUS.bufferError, "unexpected end of file")
      return
    }
  }
}

function zlibError(status: number, message: string): Error {
  return Object.assign(new Error(message), { errno: status, code: CODES[status] ?? "Z_ERRNO" })
}

export function createGzip(): Gzip {
  return new Gzip()
}

/** Whatever is written can be iterated, compressed. */
class Gzip extends EventEmitter {
  readonly #stream = native.openStream(true)
  #chunks: Buffer[] = []
  #hasEnded = false
  #wake: (() => void) | undefined

  /** False until what was compressed has been taken. */
  write(data: string | Uint8Array): boolean {
    this.#deflate(typeof data === "string" ? Buffer.from(data) : data, false)
    return this.#chunks.length === 0
  }

  end(): void {
    this.#deflate(new Uint8Array(0), true)
    this.#hasEnded = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const chunks = this.#chunks
      this.#chunks = []
      yield* chunks
      if (chunks.length > 0) this.emit("drain")
      if (this.#chunks.length > 0) continue
      if (this.#hasEnded) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #deflate(bytes: Uint8Array, isLast: boolean): void {
    for (let rest = bytes; ; ) {
      const { output, read } = native.pushStream(this.#stream, rest, isLast, CHUNK_BYTES)
      if (output.byteLength > 0) this.#chunks.push(Buffer.from(output))
      rest = rest.subarray(read)
      if (rest.length === 0 && output.byteLength < CHUNK_BYTES) break
    }
    if (this.#chunks.length > 0) this.#wake?.()
  }
}
