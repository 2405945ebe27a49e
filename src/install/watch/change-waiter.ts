import { type FSWatcher, watch as watchDirectory } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

/** What `watch` does between two looks at the node. */
export interface Waiter {
  /** Call it again to watch directories that were removed and created again. */
  watch(directories: readonly string[]): void
  /** Resolves after this time or, with `wakesOnChange`, at the first change. */
  wait(durationMs: number, wakesOnChange: boolean): Promise<void>
  close(): void
}

/** Waits for a change in a directory or a time-out. Changes without an inotify event are found after the time-out. */
export class ChangeWaiter implements Waiter {
  readonly #signal: AbortSignal
  readonly #watchers = new Map<string, FSWatcher>()
  #notify: () => void = () => {}

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  watch(directories: readonly string[]): void {
    for (const directory of directories) {
      if (this.#watchers.has(directory)) continue
      try {
        const watcher = watchDirectory(directory, () => this.#notify())
        watcher.on("error", () => this.#watchers.delete(directory))
        watcher.on("close", () => this.#watchers.delete(directory))
        this.#watchers.set(directory, watcher)
      } catch {
        // The directory does not exist, or the limit of inotify watches is reached.
      }
    }
  }

  async wait(durationMs: number, wakesOnChange: boolean): Promise<void> {
    const wake = new AbortController()
    if (wakesOnChange) this.#notify = () => wake.abort()
    await sleep(durationMs, undefined, { signal: AbortSignal.any([wake.signal, this.#signal]) }).catch(() => {})
    this.#notify = () => {}
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
  }
}
