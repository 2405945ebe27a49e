/** Our ends of pipes to a program that runs beside this one. */
import * as native from "native"
import { onceWritable, onReadable } from "./loop.ts"
import { Buffer } from "./modules/buffer.ts"
import { EventEmitter } from "./modules/events.ts"
import { AGAIN, systemError } from "./system-error.ts"
import { TextChunks } from "./text-chunks.ts"

const CHUNK_BYTES = 1 << 16
/** More is accepted once less than this is held, as in Node.js' streams. */
const HELD_BYTES = 1 << 14

/** Its output: read as `data` events, or by iterating, which does not read ahead. */
export class PipeReader extends EventEmitter {
  readonly #fd: number
  readonly #closed: () => void
  #stop: (() => void) | undefined
  #text: TextChunks | undefined
  #hasEnded = false

  constructor(fd: number, closed: () => void) {
    super()
    this.#fd = fd
    this.#closed = closed
  }

  setEncoding(_encoding: "utf8"): this {
    this.#text = new TextChunks()
    return this
  }

  override on(event: string, listener: (...args: unknown[]) => void): this {
    super.on(event, listener)
    if (event === "data") this.#stop ??= onReadable(this.#fd, () => this.#flow())
    return this
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer | string> {
    for (;;) {
      await new Promise<void>((resolve) => {
        const stop = onReadable(this.#fd, () => {
          stop()
          resolve()
        })
      })
      const chunk = this.#read()
      if (chunk === undefined) return
      if (chunk.length > 0) yield chunk
    }
  }

  #flow(): void {
    const chunk = this.#read()
    if (chunk === undefined) this.emit("end")
    else if (chunk.length > 0) this.emit("data", chunk)
  }

  /** Undefined at the end. */
  #read(): Buffer | string | undefined {
    const bytes = Buffer.alloc(CHUNK_BYTES)
    const count = native.read(this.#fd, bytes, 0, CHUNK_BYTES, -1)
    if (count === -AGAIN) return Buffer.alloc(0)
    if (count > 0) {
      const chunk = bytes.subarray(0, count) as Buffer
      return this.#text?.push(chunk, false) ?? chunk
    }
    if (!this.#hasEnded) {
      this.#hasEnded = true
      this.#stop?.()
      native.close(this.#fd)
      this.#closed()
    }
    return undefined
  }
}

/** A pipe that can be written takes so many without blocking (PIPE_BUF). */
const PART_BYTES = 4096

/** Its input, or a descriptor that others have open too, which blocks and stays open. What has no room is held. */
export class PipeWriter extends EventEmitter {
  readonly #fd: number
  readonly #isShared: boolean
  #held: Buffer[] = []
  #heldBytes = 0
  #stopWaiting: (() => void) | undefined
  destroyed = false
  writableEnded = false

  constructor(fd: number, isShared = false) {
    super()
    this.#fd = fd
    this.#isShared = isShared
  }

  /** False if the caller should wait for `drain`. */
  write(data: string | Uint8Array): boolean {
    if (this.destroyed) return false
    const bytes = Buffer.from(data as string)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#held.length === 1) this.#flush()
    return this.#heldBytes < HELD_BYTES
  }

  end(data?: string | Uint8Array): void {
    if (this.writableEnded) return
    if (data !== undefined) this.write(data)
    this.writableEnded = true
    if (this.#held.length === 0) this.destroy()
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#held = []
    this.#stopWaiting?.()
    if (!this.#isShared) native.close(this.#fd)
  }

  #flush(): void {
    while (!this.destroyed && this.#held[0]) {
      const [bytes] = this.#held
      const result = this.#writeNow(bytes)
      if (result === -AGAIN) {
        this.#stopWaiting = onceWritable(this.#fd, () => this.#flush())
        return
      }
      if (result < 0) {
        this.destroy()
        queueMicrotask(() => this.emit("error", systemError(-result, "write")))
        return
      }
      this.#heldBytes -= result
      if (result === bytes.length) this.#held.shift()
      else this.#held[0] = bytes.subarray(result) as Buffer
    }
    if (this.writableEnded) this.destroy()
    else queueMicrotask(() => this.emit("drain"))
  }

  #writeNow(bytes: Buffer): number {
    if (!this.#isShared) return native.write(this.#fd, bytes, 0, bytes.length, -1)
    if (native.waitForDescriptors([], [this.#fd], 0).length === 0) return -AGAIN
    return native.write(this.#fd, bytes, 0, Math.min(bytes.length, PART_BYTES), -1)
  }
}
