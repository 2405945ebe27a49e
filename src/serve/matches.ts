import type { Filter } from "../model/filter/filter.ts"
import { toMatcher } from "../model/filter/match.ts"
import type { Session } from "./session.ts"

const FILTERS_KEPT = 8

/**
 * Which operations a filter lets through that asks for streams: the page does not have them. What was found is kept,
 * so that asking again looks only at what changed since.
 */
export class Matches {
  readonly #session: Session
  readonly #known = new Map<string, { version: number; ids: Set<string> }>()

  constructor(session: Session) {
    this.#session = session
  }

  /** Ids of operations. Asked by the same text again it answers from what it knows. */
  async of(text: string, filter: Filter): Promise<string[]> {
    const { catalog } = this.#session
    const known = this.#known.get(text) ?? { version: -1, ids: new Set<string>() }
    this.#known.delete(text)
    this.#known.set(text, known)
    const oldest = this.#known.size > FILTERS_KEPT ? this.#known.keys().next().value : undefined
    if (oldest !== undefined) this.#known.delete(oldest)

    const matcher = toMatcher(filter, Date.now())
    if (known.version < 0) {
      // One pass over the capture, with its indexes, is much faster than to fetch each call from its place.
      known.version = catalog.version
      for await (const id of this.#session.matching(filter, Date.now())) known.ids.add(id)
    }
    const { version, operations, removed } = catalog.changesSince(known.version)
    for (const id of removed) known.ids.delete(id)
    for (const light of operations) {
      const whole = await this.#session.whole(light)
      if (matcher.operation(whole)) known.ids.add(light.id)
      else known.ids.delete(light.id)
    }
    known.version = version
    return [...known.ids]
  }
}
