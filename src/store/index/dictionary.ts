/** Texts by number, decoded on demand. Number 0 means "no text". */
export class Dictionary {
  readonly bytes: Buffer
  /** start of each text in `bytes`, and the end of the last */
  readonly starts: Uint32Array
  #decoded: (string | undefined)[] | undefined

  constructor(bytes: Buffer, starts: Uint32Array) {
    this.bytes = bytes
    this.starts = starts
  }

  get size(): number {
    return this.starts.length - 1
  }

  text(number: number): string | undefined {
    if (number === 0) return undefined
    this.#decoded ??= new Array<string | undefined>(this.size)
    const decoded = this.#decoded[number]
    if (decoded !== undefined) return decoded
    const text = this.bytes.toString("utf8", this.starts[number], this.starts[number + 1])
    this.#decoded[number] = text
    return text
  }
}
