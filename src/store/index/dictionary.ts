/** Texts by number, read from their bytes when they are asked for. Number 0 is "none". */
export class Dictionary {
  readonly bytes: Buffer
  /** start of each text in `bytes`, and the end of the last */
  readonly starts: Uint32Array
  readonly #known: (string | undefined)[] = []

  constructor(bytes: Buffer, starts: Uint32Array) {
    this.bytes = bytes
    this.starts = starts
  }

  get size(): number {
    return this.starts.length - 1
  }

  /** The number of a text; undefined where it is none of these. */
  find(text: string): number | undefined {
    for (let number = 1; number < this.size; number++) if (this.#is(number, text)) return number
    return undefined
  }

  text(number: number): string | undefined {
    if (number === 0) return undefined
    const known = this.#known[number]
    if (known !== undefined) return known
    const text = this.bytes.toString("utf8", this.starts[number], this.starts[number + 1])
    this.#known[number] = text
    return text
  }

  #is(number: number, text: string): boolean {
    const [from = 0, to = 0] = [this.starts[number], this.starts[number + 1]]
    return to - from === Buffer.byteLength(text) && this.bytes.toString("utf8", from, to) === text
  }
}
