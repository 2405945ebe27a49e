const WINDOW_MS = 30_000
const MAX_REPAIRS = 3
const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 3_600_000

/**
 * Limits repairs: at most three in 30 s, then a pause that doubles each time. After a time without repairs that is
 * longer than the last pause, it starts over.
 */
export class RepairBackoff {
  #repairs: number[] = []
  #pauseMs = FIRST_PAUSE_MS
  #pausedUntilMs = 0

  /** Whether a repair is allowed now; an allowed one is counted. */
  take(nowMs: number): { isAllowed: true } | { isAllowed: false; untilMs: number; isNew: boolean } {
    if (nowMs < this.#pausedUntilMs) return { isAllowed: false, untilMs: this.#pausedUntilMs, isNew: false }
    const last = this.#repairs.at(-1)
    if (last !== undefined && nowMs - last > 2 * this.#pauseMs) this.#pauseMs = FIRST_PAUSE_MS
    this.#repairs = this.#repairs.filter((madeMs) => nowMs - madeMs < WINDOW_MS)
    if (this.#repairs.length >= MAX_REPAIRS) {
      this.#pausedUntilMs = nowMs + this.#pauseMs
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
      return { isAllowed: false, untilMs: this.#pausedUntilMs, isNew: true }
    }
    this.#repairs.push(nowMs)
    return { isAllowed: true }
  }
}
