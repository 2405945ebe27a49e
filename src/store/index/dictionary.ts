/** Texts by number, read from their bytes when they are asked for. Number 0 is "none". */
export class Dictionary {
  readonly bytes: Buffer
  /** start of each text in `bytes`, and the end of the last */
  readonly starts: Uint32Array
  #known: (string | undefined)[] | undefined

  constructor(bytes: Buffer, starts: Uint32Array) {
    this.bytes = bytes
    this.starts = starts
  }

  get size(): number {
    return this.starts.length - 1
  }

  text(number: number): string | undefined {
    if (number === 0) return undefined
    this.#known ??= new Array<string | undefined>(this.size)
    const known = this.#known[number]
    if (known !== undefined) return known
    const text = this.bytes.toString("utf8", this.starts[number], this.starts[number + 1])
    this.#known[number] = text
    return text
  }
}
