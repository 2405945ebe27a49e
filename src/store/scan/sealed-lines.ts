import { checkSeals, type LineTable } from "./seal.ts"

const NEWLINE = 10
const LINES_AT_ONCE = 1024

/** Splits bytes into lines and checks their seals, many at once. Empty lines are skipped. */
export class SealedLines {
  /** the current line, without its newline */
  from = 0
  to = 0
  /** end of the bytes that its seal covers; -1 if there is no seal or it does not match */
  sealedEnd = -1

  #bytes: Buffer = Buffer.alloc(0)
  #end = 0
  #at = 0
  readonly #table: LineTable = {
    count: 0,
    from: new Int32Array(LINES_AT_ONCE),
    to: new Int32Array(LINES_AT_ONCE),
    sealedEnd: new Int32Array(LINES_AT_ONCE),
  }
  #next = 0

  /** `end`: after the newline of the last line, or the end of `bytes`. */
  open(bytes: Buffer, end: number): void {
    this.#bytes = bytes
    this.#end = end
    this.#at = 0
    this.#table.count = 0
    this.#next = 0
  }

  /** Moves to the next line; false if there is none. */
  next(): boolean {
    if (this.#next === this.#table.count && !this.#split()) return false
    const line = this.#next++
    this.from = this.#table.from[line] ?? 0
    this.to = this.#table.to[line] ?? 0
    this.sealedEnd = this.#table.sealedEnd[line] ?? -1
    return true
  }

  #split(): boolean {
    const table = this.#table
    let from = this.#at
    this.#next = 0
    for (table.count = 0; table.count < LINES_AT_ONCE && from < this.#end; ) {
      const newline = this.#bytes.indexOf(NEWLINE, from)
      const to = newline < 0 || newline >= this.#end ? this.#end : newline
      if (to > from) {
        table.from[table.count] = from
        table.to[table.count++] = to
      }
      from = to + 1
    }
    this.#at = from
    checkSeals(this.#bytes, Math.min(from, this.#end), table)
    return table.count > 0
  }
}
