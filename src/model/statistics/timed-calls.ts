import { type Call, isFailed } from "../call.ts"

/** The members of a call that are counted. */
export type TimedCall = Pick<Call, "plugin" | "wallMs" | "durationMs" | "state" | "exit">

/** Calls as columns of numbers; a million calls take twenty megabytes. */
export class TimedCalls {
  /** milliseconds since 1970 */
  wallMs = new Float64Array(1024)
  /** NaN if the call has not ended */
  durationMs = new Float64Array(1024)
  /** bits: 1 failed, 2 running */
  #flags = new Uint8Array(1024)
  length = 0

  add(call: TimedCall): void {
    this.push(call.wallMs, call.durationMs ?? Number.NaN, isFailed(call), call.state === "running")
  }

  push(wallMs: number, durationMs: number, hasFailed: boolean, isRunning: boolean): void {
    if (this.length === this.wallMs.length) this.#grow()
    const at = this.length++
    this.wallMs[at] = wallMs
    this.durationMs[at] = durationMs
    this.#flags[at] = (hasFailed ? 1 : 0) | (isRunning ? 2 : 0)
  }

  isFailed(at: number): boolean {
    return ((this.#flags[at] ?? 0) & 1) === 1
  }

  isRunning(at: number): boolean {
    return ((this.#flags[at] ?? 0) & 2) === 2
  }

  /** Infinity for a call in flight; NaN if no end is known. */
  endMs(at: number): number {
    const endMs = (this.wallMs[at] ?? 0) + (this.durationMs[at] ?? Number.NaN)
    return Number.isNaN(endMs) && this.isRunning(at) ? Number.POSITIVE_INFINITY : endMs
  }

  /** Start of the first and the last call; `firstMs` is Infinity if there are no calls. */
  timeRange(): { firstMs: number; lastMs: number } {
    let firstMs = Number.POSITIVE_INFINITY
    let lastMs = Number.NEGATIVE_INFINITY
    for (let at = 0; at < this.length; at++) {
      const wallMs = this.wallMs[at] ?? 0
      if (wallMs < firstMs) firstMs = wallMs
      if (wallMs > lastMs) lastMs = wallMs
    }
    return { firstMs, lastMs }
  }

  #grow(): void {
    const { wallMs, durationMs } = this
    const flags = this.#flags
    this.wallMs = new Float64Array(2 * wallMs.length)
    this.wallMs.set(wallMs)
    this.durationMs = new Float64Array(2 * wallMs.length)
    this.durationMs.set(durationMs)
    this.#flags = new Uint8Array(2 * wallMs.length)
    this.#flags.set(flags)
  }
}
