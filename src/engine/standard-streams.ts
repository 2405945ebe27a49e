/** The standard streams of the process. */
import * as native from "native"
import { onReadable } from "./loop.ts"
import { Buffer } from "./modules/buffer.ts"
import { EventEmitter } from "./modules/events.ts"
import { AGAIN, systemError } from "./system-error.ts"
import { TextChunks } from "./text-chunks.ts"

const CHUNK_BYTES = 1 << 16

class StandardStream extends EventEmitter {
  readonly fd: number
  readonly isTTY: boolean

  constructor(fd: number) {
    super()
    this.fd = fd
    this.isTTY = native.terminalSize(fd) !== undefined
  }
}

/** Everything is written at once: `write` returns after that. */
export class OutputStream extends StandardStream {
  #hasFailed = false

  get columns(): number | undefined {
    return native.terminalSize(this.fd)?.[0] || undefined
  }

  get rows(): number | undefined {
    return native.terminalSize(this.fd)?.[1] || undefined
  }

  write(data: string | Uint8Array): boolean {
    const bytes = typeof data === "string" ? Buffer.from(data) : data
    for (let at = 0; at < bytes.length && !this.#hasFailed; ) {
      const result = native.write(this.fd, bytes, at, bytes.length - at, -1)
      if (result >= 0) at += result
      // Another process has made the pipe non-blocking: then there is room as soon as it is read.
      else if (result === -AGAIN) native.waitForDescriptors([], [this.fd], -1)
      else this.#fail(-result)
    }
    return true
  }

  #fail(errno: number): void {
    this.#hasFailed = true
    queueMicrotask(() => this.emit("error", systemError(errno, "write")))
  }
}

/** Chunks of bytes, or of text after `setEncoding`. */
export class InputStream extends StandardStream {
  #isText = false
  #stop: (() => void) | undefined

  setEncoding(_encoding: "utf8"): this {
    this.#isText = true
    return this
  }

  /** Reads what comes and drops it; `close` is emitted at the end. */
  resume(): this {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    this.#stop ??= onReadable(this.fd, () => {
      const count = native.read(this.fd, chunk, 0, CHUNK_BYTES, -1)
      if (count > 0 || count === -AGAIN) return
      this.pause()
      this.emit("close")
    })
    return this
  }

  pause(): this {
    this.#stop?.()
    this.#stop = undefined
    return this
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer | string> {
    const text = new TextChunks()
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES)
      const count = native.read(this.fd, chunk, 0, CHUNK_BYTES, -1)
      if (count === -AGAIN) {
        native.waitForDescriptors([this.fd], [], -1)
        continue
      }
      if (count < 0) throw systemError(-count, "read")
      const bytes = chunk.subarray(0, count) as Buffer
      const part = this.#isText ? text.push(bytes, count === 0) : bytes
      if (part.length > 0) yield part
      if (count === 0) return
    }
  }
}
