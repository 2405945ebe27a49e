import { type FSWatcher, watch } from "node:fs"

const POLL_MS = 50
/** inotify reports every append; several arrive at once. */
const DEBOUNCE_MS = 10

/** Waits for changes in a directory by inotify; polls as well, for file systems that report none. */
export class CaptureChangeWaiter {
  readonly #watcher: FSWatcher | undefined
  #wake: (() => void) | undefined

  constructor(directory: string) {
    try {
      this.#watcher = watch(directory, () => this.#wake?.())
      this.#watcher.on("error", () => this.#watcher?.close())
    } catch {
      // No inotify watch left, or none on this file system: polling is enough.
      this.#watcher = undefined
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
    this.#watcher?.close()
    this.#wake?.()
  }
}
