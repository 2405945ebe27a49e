import { closeSync, readSync, writeSync } from "node:fs"
import { openTemporaryFile } from "../store/capture/temporary-file.ts"

const BUFFER_BYTES = 1 << 20

/**
 * Rows of many nodes, which arrive in any order and are read in the order of time. They are in a file without a name, which the
 * kernel removes when this process ends, however it ends; in memory are a few numbers per row.
 */
export class RowSpool {
  readonly #file = openTemporaryFile()
  readonly #times: number[] = []
  readonly #ranks: number[] = []
  /** where each row ends */
  readonly #ends: number[] = []
  #pending: Buffer[] = []
  #pendingBytes = 0
  #writtenBytes = 0

  get count(): number {
    return this.#ends.length
  }

  /** `rank` decides between rows of one time; rows of one rank stay in the order they came. */
  add(row: object, wallMs: number, rank: number): void {
    const bytes = Buffer.from(JSON.stringify(row))
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    this.#times.push(wallMs)
    this.#ranks.push(rank)
    this.#ends.push(this.#writtenBytes + this.#pendingBytes)
    if (this.#pendingBytes >= BUFFER_BYTES) this.#flush()
  }

  *rows({ newestFirst = false } = {}): Generator<unknown> {
    this.#flush()
    const [times, ranks] = [this.#times, this.#ranks]
    const order = Uint32Array.from(times, (_, at) => at)
    const compare = (a: number, b: number) =>
      (times[a] ?? 0) - (times[b] ?? 0) || (ranks[a] ?? 0) - (ranks[b] ?? 0) || a - b
    order.sort(newestFirst ? (a, b) => compare(b, a) : compare)
    for (const at of order) yield this.#read(at)
  }

  close(): void {
    closeSync(this.#file)
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#pending)
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#file, bytes, done, bytes.length - done, this.#writtenBytes + done)
    this.#writtenBytes += bytes.length
    this.#pending = []
    this.#pendingBytes = 0
  }

  #read(at: number): unknown {
    const begin = at === 0 ? 0 : (this.#ends[at - 1] ?? 0)
    const bytes = Buffer.allocUnsafe((this.#ends[at] ?? 0) - begin)
    for (let done = 0; done < bytes.length; ) {
      const count = readSync(this.#file, bytes, done, bytes.length - done, begin + done)
      if (count === 0) throw new RangeError("the spool of rows is shorter than what was written")
      done += count
    }
    return JSON.parse(bytes.toString("utf8"))
  }
}
