import { type FSWatcher, watch } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

/** Rings when something in a directory changes; what the kernel does not tell of is found by the clock alone. */
export class ChangeWaiter {
  readonly #signal: AbortSignal
  readonly #watchers = new Map<string, FSWatcher>()
  #ring: () => void = () => {}

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** A directory that was removed and made again is listened to again. */
  listenTo(directories: readonly string[]): void {
    for (const directory of directories) {
      if (this.#watchers.has(directory)) continue
      try {
        const watcher = watch(directory, () => this.#ring())
        watcher.on("error", () => this.#watchers.delete(directory))
        watcher.on("close", () => this.#watchers.delete(directory))
        this.#watchers.set(directory, watcher)
      } catch {
        // It is not there, or there are too many watches already.
      }
    }
  }

  /** Until the time is over or, where it matters, something changed. */
  async wait(durationMs: number, wakesOnChange: boolean): Promise<void> {
    const wake = new AbortController()
    if (wakesOnChange) this.#ring = () => wake.abort()
    await sleep(durationMs, undefined, { signal: AbortSignal.any([wake.signal, this.#signal]) }).catch(() => {})
    this.#ring = () => {}
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
  }
}
