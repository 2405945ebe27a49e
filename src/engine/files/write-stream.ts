/** node:fs: writing to a descriptor without waiting for who reads from it. */
import * as native from "native"
import { onceWritable } from "../loop.ts"
import { Buffer } from "../modules/buffer.ts"
import { EventEmitter } from "../modules/events.ts"
import { AGAIN, systemError } from "../system-error.ts"

/** `write` returns false from this many waiting bytes on. */
const ENOUGH_BYTES = 1 << 14
/** A pipe that can be written takes so many without waiting (PIPE_BUF), whoever else has it open. */
const PART_BYTES = 4096

class WriteStream extends EventEmitter {
  readonly #fd: number
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #hasFailed = false

  constructor(fd: number) {
    super()
    this.#fd = fd
  }

  write(data: string | Uint8Array): boolean {
    if (this.#hasFailed) return true
    const bytes = typeof data === "string" ? Buffer.from(data) : data
    if (this.#waiting.length === 0) onceWritable(this.#fd, () => this.#writeParts())
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    return this.#waitingBytes < ENOUGH_BYTES
  }

  /** As long as the descriptor can be written. */
  #writeParts(): void {
    do {
      const [first = new Uint8Array(0)] = this.#waiting
      const result = native.write(this.#fd, first, 0, Math.min(first.length, PART_BYTES), -1)
      if (result < 0 && result !== -AGAIN) {
        this.#fail(-result)
        return
      }
      const written = Math.max(0, result)
      this.#waitingBytes -= written
      if (written === first.length) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(written)
    } while (this.#waiting.length > 0 && native.waitForDescriptors([], [this.#fd], 0).length > 0)
    if (this.#waiting.length > 0) onceWritable(this.#fd, () => this.#writeParts())
    else this.emit("drain")
  }

  #fail(errno: number): void {
    this.#hasFailed = true
    this.#waiting = []
    this.emit("error", systemError(errno, "write"))
    this.emit("drain")
  }
}

/** Of an open descriptor, which stays open. */
export function createWriteStream(_path: string, { fd }: { fd: number; autoClose: false }): WriteStream {
  return new WriteStream(fd)
}
