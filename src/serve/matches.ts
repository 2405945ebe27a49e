import type { Filter } from "../model/filter/filter.ts"
import { toMatcher } from "../model/filter/match.ts"
import type { Session } from "./session.ts"

const CACHED_FILTERS = 8

/**
 * Finds the operations that match a filter on streams, which a page does not have. Results are cached by filter, so that
 * a repeated request checks only the operations that changed since.
 */
export class Matches {
  readonly #session: Session
  readonly #cache = new Map<string, { version: number; ids: Set<string> }>()

  constructor(session: Session) {
    this.#session = session
  }

  /** IDs of the matching operations. `text` is the filter as written: the key of the cache. */
  async of(text: string, filter: Filter): Promise<string[]> {
    const { catalog } = this.#session
    const cached = this.#cache.get(text) ?? { version: -1, ids: new Set<string>() }
    this.#cache.delete(text)
    this.#cache.set(text, cached)
    const oldest = this.#cache.size > CACHED_FILTERS ? this.#cache.keys().next().value : undefined
    if (oldest !== undefined) this.#cache.delete(oldest)

    const matcher = toMatcher(filter, Date.now())
    if (cached.version < 0) {
      // One pass over the indexed capture is much faster than reading the streams of each operation.
      cached.version = catalog.version
      for await (const id of this.#session.matching(filter, Date.now())) cached.ids.add(id)
    }
    const { version, operations, removed } = catalog.changesSince(cached.version)
    for (const id of removed) cached.ids.delete(id)
    for (const summary of operations) {
      const whole = await this.#session.whole(summary)
      if (matcher.operation(whole)) cached.ids.add(summary.id)
      else cached.ids.delete(summary.id)
    }
    cached.version = version
    return [...cached.ids]
  }
}
