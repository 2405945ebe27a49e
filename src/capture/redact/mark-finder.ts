import { asciiLower } from "./character.ts"
import { SECRET_MARKS } from "./secret-name.ts"

const WINDOW = 4096

/**
 * Finds marks (`SECRET_MARKS`) in ranges of a text. It searches a window at a time, because a thousand short strings
 * must not cost a thousand searches, and values that are redacted as a whole, such as annotations, need no search.
 */
export class MarkFinder {
  readonly #text: string
  #from = 0
  #window = ""
  /** next position of each mark in the window */
  #next: number[] = []
  #first = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Whether a mark starts in the range. Ranges must be given in ascending order. */
  isIn(from: number, to: number): boolean {
    if (to > this.#from + this.#window.length) {
      this.#from = from
      this.#window = asciiLower(this.#text.slice(from, Math.max(to, from + WINDOW)))
      this.#next = SECRET_MARKS.map(() => -1)
      this.#first = -1
    }
    if (this.#first < from - this.#from) this.#advance(from - this.#from)
    return this.#first < to - this.#from
  }

  #advance(from: number): void {
    this.#first = this.#window.length
    for (let index = 0; index < SECRET_MARKS.length; index++) {
      let at = this.#next[index] ?? -1
      if (at < from) {
        at = this.#window.indexOf(SECRET_MARKS[index] ?? "", from)
        if (at < 0) at = this.#window.length
        this.#next[index] = at
      }
      if (at < this.#first) this.#first = at
    }
  }
}
