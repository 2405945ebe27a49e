const WINDOW_MS = 30_000
const MOST = 3
const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 3_600_000

/**
 * Keeps a repair from becoming a fight: at most three in 30 s, then a pause, each twice as long as the one before. Who
 * was left in peace for longer than the last pause begins anew.
 */
export class RepairBackoff {
  #repairs: number[] = []
  #pauseMs = FIRST_PAUSE_MS
  #pausedUntilMs = 0

  /** Whether a repair may be made now; one that may is counted. */
  take(nowMs: number): { isAllowed: true } | { isAllowed: false; untilMs: number; isNew: boolean } {
    if (nowMs < this.#pausedUntilMs) return { isAllowed: false, untilMs: this.#pausedUntilMs, isNew: false }
    const last = this.#repairs.at(-1)
    if (last !== undefined && nowMs - last > 2 * this.#pauseMs) this.#pauseMs = FIRST_PAUSE_MS
    this.#repairs = this.#repairs.filter((madeMs) => nowMs - madeMs < WINDOW_MS)
    if (this.#repairs.length >= MOST) {
      this.#pausedUntilMs = nowMs + this.#pauseMs
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
      return { isAllowed: false, untilMs: this.#pausedUntilMs, isNew: true }
    }
    this.#repairs.push(nowMs)
    return { isAllowed: true }
  }
}
