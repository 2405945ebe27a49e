import type { DataEvent, StreamFile } from "./event.ts"

/** What is known of one of the three streams of a call. */
export class ObservedStream {
  totalBytes = 0
  /** how long `kept` is */
  keptBytes = 0
  /** a read returned 0, or would have when the plugin exited */
  hasEnded = false
  /** bytes were lost, or moved without a buffer of the process: what follows the gap is not kept */
  hasGap = false
  /** it is open, and neither a pipe nor always empty */
  readonly isOther: boolean
  readonly #limitBytes: number
  #bytes = NO_BYTES

  constructor({ ino, mode, rdev, isPipe }: StreamFile, limitBytes: number) {
    this.#limitBytes = limitBytes
    this.hasEnded = (mode & S_IFMT) === S_IFCHR && rdev === NULL_DEVICE
    this.isOther = ino !== 0 && !isPipe
  }

  /** The beginning of the stream, at most as much as a record may hold. */
  get kept(): Uint8Array {
    return this.keptBytes === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.keptBytes)
  }

  /** The kernel has counted this much: more than what has arrived was lost on the way. */
  expect(totalBytes: number): void {
    if (totalBytes <= this.totalBytes) return
    this.totalBytes = totalBytes
    this.hasGap = true
  }

  /** Adds one transfer, whose pieces are in its order, or missing. */
  add(pieces: readonly [DataEvent, ...DataEvent[]]): void {
    const { kind, totalBytes } = pieces[0]
    this.totalBytes += totalBytes
    if (totalBytes === 0 && kind === "read") this.hasEnded = true
    // Nothing can follow the end of stdin.
    if (kind === "unseen" && !(this.hasEnded && totalBytes === 0)) this.hasGap = true
    if (this.hasGap) return
    const room = Math.min(totalBytes, this.#limitBytes - this.keptBytes)
    this.#reserve(this.keptBytes + room)
    let copied = 0
    for (const { offset, bytes } of pieces) {
      if (offset !== copied || copied >= room) break
      const part = bytes.length > room - copied ? bytes.subarray(0, room - copied) : bytes
      this.#bytes.set(part, this.keptBytes + copied)
      copied += bytes.length
    }
    this.keptBytes += Math.min(copied, room)
    if (copied < room) this.hasGap = true
  }

  /** Once per transfer. Most streams have only one; a second one is often followed by more. */
  #reserve(needed: number): void {
    const before = this.#bytes
    if (needed <= before.length) return
    const room = before === NO_BYTES ? needed : Math.max(1024, needed, 2 * before.length)
    this.#bytes = new Uint8Array(Math.min(this.#limitBytes, room))
    if (this.keptBytes > 0) this.#bytes.set(before)
  }
}

const NO_BYTES = new Uint8Array(0)
const [S_IFMT, S_IFCHR] = [0o170000, 0o020000]
/** /dev/null, 1:3, as the kernel writes device numbers. */
const NULL_DEVICE = (1 << 20) | 3
