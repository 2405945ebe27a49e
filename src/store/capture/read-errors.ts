import type { LossRecord } from "../../capture/record.ts"

/**
 * Why a line is not a readable record. `torn`: an incomplete write (killed, or disk full), or bytes changed later.
 * `newer`: its format is newer than ours. `unknown`: a complete record of our format, of an unknown kind. `foreign`: not a
 * record at all. `malformed`: complete, but members have other types than a relay writes. `oversize`: longer than a relay writes. `orphan`: an end record without a begin record in the capture.
 */
export type ReadErrorKind = "torn" | "newer" | "unknown" | "foreign" | "malformed" | "oversize" | "orphan"

/** `first`: location of the first one, as `<segment>:<byte>`. */
export type ReadErrorCount = { kind: ReadErrorKind; lines: number; first: string }

/** What a capture does not show, counted: lines that could not be read, and what observers lost. Never dropped silently. */
export class ReadErrors {
  readonly #counts = new Map<ReadErrorKind, ReadErrorCount>()
  readonly #losses: LossRecord[] = []

  add(kind: ReadErrorKind, segment: string, offset: number): void {
    const count = this.#counts.get(kind)
    if (count) count.lines++
    else this.#counts.set(kind, { kind, lines: 1, first: `${segment}:${offset}` })
  }

  /** Adds the counts of an index. */
  addCounts(counts: Iterable<ReadErrorCount>): void {
    for (const { kind, lines, first } of counts) {
      const count = this.#counts.get(kind)
      if (count) count.lines += lines
      else this.#counts.set(kind, { kind, lines, first })
    }
  }

  addLosses(losses: Iterable<LossRecord>): void {
    this.#losses.push(...losses)
  }

  losses(): readonly LossRecord[] {
    return this.#losses
  }

  list(): ReadErrorCount[] {
    return [...this.#counts.values()]
  }

  lines(kind: ReadErrorKind): number {
    return this.#counts.get(kind)?.lines ?? 0
  }
}
