/** node:fs: changes in a directory. */
import * as native from "native"
import { onReadable } from "../loop.ts"
import { EventEmitter } from "../modules/events.ts"
import { succeeded } from "../system-error.ts"
import { closeSync } from "./descriptor.ts"

const CHUNK_BYTES = 1 << 16

/** Calls the listener after each change in a directory. */
export function watch(path: string, listener: () => void): FSWatcher {
  return new FSWatcher(succeeded(native.openWatch(path), "watch", path), listener)
}

export class FSWatcher extends EventEmitter {
  readonly #fd: number
  readonly #stop: () => void
  #isOpen = true

  constructor(fd: number, listener: () => void) {
    super()
    this.#fd = fd
    const events = new Uint8Array(CHUNK_BYTES)
    this.#stop = onReadable(fd, () => {
      while (native.read(fd, events, 0, events.length, -1) > 0);
      listener()
    })
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#stop()
    closeSync(this.#fd)
    queueMicrotask(() => this.emit("close"))
  }
}
