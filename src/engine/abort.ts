/** AbortController and AbortSignal, as the DOM standard defines them. */
type AbortListener = () => void

export class AbortSignal {
  aborted = false
  reason: unknown
  readonly #listeners = new Set<AbortListener>()

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const result = new AbortSignal()
    for (const signal of signals) {
      if (signal.aborted) result.abort(signal.reason)
      else signal.addEventListener("abort", () => result.abort(signal.reason))
    }
    return result
  }

  addEventListener(_event: "abort", listener: AbortListener): void {
    this.#listeners.add(listener)
  }

  removeEventListener(_event: "abort", listener: AbortListener): void {
    this.#listeners.delete(listener)
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  abort(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason ?? Object.assign(new Error("This operation was aborted"), { name: "AbortError" })
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }
}

export class AbortController {
  readonly signal = new AbortSignal()

  abort(reason?: unknown): void {
    this.signal.abort(reason)
  }
}
