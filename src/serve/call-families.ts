import type { Call } from "../model/call.ts"

/** Calls that can be in one operation. `operations`: the IDs of those that they form. */
export type CallFamily = {
  keys: string[]
  calls: Call[]
  /** by the ID of a call: its place in `calls`, if calls were added that may replace others */
  places?: Map<string, number> | undefined
  operations: Set<string>
  /** all of its calls were added with their operations */
  isGrouped: boolean
}

/**
 * Calls of one node and container, united with those of other containers whose calls name each other as parents: a plugin
 * that runs a delegate may give it another container ID.
 */
export class CallFamilies {
  readonly #byKey = new Map<string, CallFamily>()
  readonly #byCall = new Map<string, CallFamily>()
  /** by the ID of a parent that was not added yet: calls that name it */
  readonly #awaited = new Map<string, string[]>()

  /** Adds a call, or what is known of it now, and returns its family. One that was united with another has no calls left. */
  add(call: Call): CallFamily {
    const key = keyOf(call)
    let family = this.#byKey.get(key) ?? newFamily(key)
    family.isGrouped = false
    this.#byKey.set(key, family)
    if (!this.#byCall.has(call.id)) {
      const { parent } = call
      const ofParent = parent === undefined ? undefined : this.#byCall.get(parent)
      if (ofParent) family = this.#unite(family, ofParent)
      else if (parent !== undefined) this.#awaited.set(parent, [...(this.#awaited.get(parent) ?? []), call.id])
      for (const child of this.#awaited.get(call.id) ?? [])
        family = this.#unite(family, this.#byCall.get(child) ?? family)
      this.#awaited.delete(call.id)
    }
    put(family, call)
    this.#byCall.set(call.id, family)
    return family
  }

  /**
   * Adds the calls of an operation that was grouped among all calls of the capture. Undefined if calls were added before
   * that may belong to it.
   */
  addGrouped(id: string, calls: readonly Call[]): CallFamily | undefined {
    const [first] = calls
    if (!first) return undefined
    const key = keyOf(first)
    const family = this.#byKey.get(key) ?? newFamily(key)
    if (!family.isGrouped || !calls.every((call) => this.#isAlone(call, first))) return undefined
    this.#byKey.set(key, family)
    for (const call of calls) {
      family.calls.push(call)
      this.#byCall.set(call.id, family)
    }
    family.operations.add(id)
    return family
  }

  /** Adds the calls of an operation, to whose family others belong too: a list may go on in the next hour. */
  addTogether(calls: readonly Call[]): CallFamily | undefined {
    let family: CallFamily | undefined
    for (const call of calls) {
      const own = this.add(call)
      family = family ? this.#unite(family, own) : own
    }
    return family
  }

  /** The family of a call that was added. */
  of(callId: string): CallFamily | undefined {
    return this.#byCall.get(callId)
  }

  all(): Iterable<CallFamily> {
    return new Set(this.#byKey.values())
  }

  delete({ keys, calls }: CallFamily): void {
    for (const key of keys) this.#byKey.delete(key)
    for (const { id, parent } of calls) {
      this.#byCall.delete(id)
      // It began before this one: its records were pruned too.
      if (parent !== undefined) this.#awaited.delete(parent)
    }
  }

  /** Whether neither another container nor a call that was added before belongs to its operation. */
  #isAlone(call: Call, first: Call): boolean {
    if (this.#byCall.has(call.id) || this.#awaited.has(call.id)) return false
    // A list without a container may go on in the next hour, and is still one.
    return call.containerId === first.containerId && call.node === first.node
  }

  #unite(a: CallFamily, b: CallFamily): CallFamily {
    if (a === b) return a
    const [large, small] = a.calls.length < b.calls.length ? [b, a] : [a, b]
    for (const call of small.calls) {
      put(large, call)
      this.#byCall.set(call.id, large)
    }
    for (const id of small.operations) large.operations.add(id)
    for (const key of small.keys) this.#byKey.set(key, large)
    large.keys.push(...small.keys)
    large.isGrouped = false
    small.calls = []
    small.places = undefined
    return large
  }
}

function put(family: CallFamily, call: Call): void {
  family.places ??= new Map(family.calls.map(({ id }, place) => [id, place]))
  const place = family.places.get(call.id) ?? family.calls.length
  family.places.set(call.id, place)
  family.calls[place] = call
}

function newFamily(key: string): CallFamily {
  return { keys: [key], calls: [], operations: new Set(), isGrouped: true }
}

/** STATUS, GC and VERSION have no container and come every few seconds: one family holds an hour of them. */
function keyOf({ node, containerId, wallMs }: Call): string {
  return `${node}/${containerId ?? Math.floor(wallMs / 3_600_000)}`
}
