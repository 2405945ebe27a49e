/** node:events, as far as cnitap and commander use it. */
type Listener = (...args: unknown[]) => void

export class EventEmitter {
  readonly #listeners = new Map<string, { listener: Listener; isOnce: boolean }[]>()

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), { listener, isOnce: false }])
    return this
  }

  once(event: string, listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), { listener, isOnce: true }])
    return this
  }

  removeListener(event: string, listener: Listener): this {
    const left = (this.#listeners.get(event) ?? []).filter((entry) => entry.listener !== listener)
    this.#listeners.set(event, left)
    return this
  }

  emit(event: string, ...args: unknown[]): boolean {
    const entries = this.#listeners.get(event) ?? []
    if (entries.length === 0 && event === "error") throw args[0]
    for (const { listener, isOnce } of entries) {
      if (isOnce) this.removeListener(event, listener)
      listener.apply(this, args)
    }
    return entries.length > 0
  }

  listenerCount(event: string): number {
    return this.#listeners.get(event)?.length ?? 0
  }

  get off() {
    return this.removeListener
  }

  get addListener() {
    return this.on
  }
}

/** Node.js warns about more listeners than a limit; nothing here does. */
export function setMaxListeners(_most: number, ..._emitters: unknown[]): void {}

export default EventEmitter
