/** A small generator with a seed (mulberry32), so that a failed random test can be repeated. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  /** Prints its seed. */
  static of(t: { diagnostic(text: string): void }): Random {
    const seed = Random.seed()
    t.diagnostic(`CNITAP_SEED=${seed}`)
    return new Random(seed)
  }

  /** CNITAP_SEED, or a different seed each time. The test prints it. */
  static seed(): number {
    return Number(process.env.CNITAP_SEED ?? Math.floor(Math.random() * 2 ** 31))
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new Error("nothing to pick from")
    return item
  }

  /** Text with characters that JSON must escape or that UTF-8 encodes in several bytes. */
  text(most: number): string {
    const characters = [
      '"',
      "\\",
      "/",
      "\n",
      "\t",
      "\u0000",
      " ",
      "a",
      "Z",
      "7",
      "é",
      "İ",
      "🌐",
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
    ]
    return Array.from({ length: this.below(most + 1) }, () => this.pick(characters)).join("")
  }

  json(depth: number): unknown {
    const kind = this.below(depth > 0 ? 7 : 5)
    if (kind === 0) return this.below(1e9) - 5e8
    if (kind === 1) return this.pick([true, false, null])
    if (kind <= 4) return this.text(12)
    const items = Array.from({ length: this.below(5) }, () => this.json(depth - 1))
    if (kind === 5) return items
    return Object.fromEntries(items.map((item) => [this.text(6), item]))
  }
}
