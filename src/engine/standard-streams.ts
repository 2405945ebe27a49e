/** The standard streams of the process. */
import * as native from "native"
import { Buffer } from "./buffer.ts"
import { EventEmitter } from "./events.ts"
import { systemError } from "./system-error.ts"

const AGAIN = 11
const CHUNK_BYTES = 1 << 16

/** Everything is written at once: `write` returns after that. */
export class OutputStream extends EventEmitter {
  readonly fd: number
  readonly isTTY: boolean
  #hasFailed = false

  constructor(fd: number) {
    super()
    this.fd = fd
    this.isTTY = native.terminalSize(fd) !== undefined
  }

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
      // Another process has made the pipe non-blocking.
      else if (result === -AGAIN) native.waitForDescriptors([], 1)
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
export class InputStream extends EventEmitter {
  readonly fd: number
  readonly isTTY: boolean
  #isText = false

  constructor(fd: number) {
    super()
    this.fd = fd
    this.isTTY = native.terminalSize(fd) !== undefined
  }

  setEncoding(_encoding: "utf8"): this {
    this.#isText = true
    return this
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer | string> {
    let held = Buffer.alloc(0)
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES)
      const count = native.read(this.fd, chunk, 0, CHUNK_BYTES, -1)
      if (count === -AGAIN) {
        native.waitForDescriptors([this.fd], -1)
        continue
      }
      if (count < 0) throw systemError(-count, "read")
      const bytes =
        held.length > 0 ? Buffer.concat([held, chunk.subarray(0, count)]) : (chunk.subarray(0, count) as Buffer)
      if (!this.#isText) {
        if (count === 0) return
        yield bytes
        continue
      }
      const whole = count === 0 ? bytes.length : wholeCharacters(bytes)
      held = bytes.subarray(whole) as Buffer
      if (whole > 0) yield bytes.toString("utf8", 0, whole)
      if (count === 0) return
    }
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
