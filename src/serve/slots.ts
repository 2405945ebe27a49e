/** A bound on how many things happen at once. Requests beyond it are refused, so that memory is bounded too. */
export class Slots {
  readonly #most: number
  #taken = 0

  constructor(most: number) {
    this.#most = most
  }

  /** A function that gives the slot back; undefined if none is free. */
  take(): (() => void) | undefined {
    if (this.#taken >= this.#most) return undefined
    this.#taken++
    let isTaken = true
    return () => {
      if (isTaken) this.#taken--
      isTaken = false
    }
  }
}
