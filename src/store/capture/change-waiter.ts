import { type FSWatcher, watch } from "node:fs"

const POLL_MS = 50
/** inotify reports every append; several arrive at once. */
const DEBOUNCE_MS = 10

/** Waits for changes in directories by inotify; polls as well, for file systems that report none. */
export class CaptureChangeWaiter {
  readonly #watchers: FSWatcher[] = []
  #wake: (() => void) | undefined

  constructor(directories: readonly string[]) {
    for (const directory of directories) {
      try {
        const watcher = watch(directory, () => this.#wake?.())
        watcher.on("error", () => watcher.close())
        this.#watchers.push(watcher)
      } catch {
        // No inotify watch left, or none on this file system: polling is enough.
      }
    }
  }

  /** Resolves soon after a change, or after the polling interval. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS)
      this.#wake = () => {
        clearTimeout(timer)
        setTimeout(resolve, DEBOUNCE_MS)
      }
    })
    this.#wake = undefined
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
    this.#wake?.()
  }
}
