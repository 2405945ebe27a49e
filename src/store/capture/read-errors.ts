/**
 * Why a line gave no record. `torn`: a killed or full-disk write, or bytes changed later. `newer`: of a format that
 * this version does not know. `unknown`: whole, of our format, and of a kind we do not know. `foreign`: no record at
 * all. `oversize`: longer than a relay writes. `orphan`: the end of a call whose beginning is not in the capture.
 */
export type ReadErrorKind = "torn" | "newer" | "unknown" | "foreign" | "oversize" | "orphan"

/** `first`: where the first of them is, as `<segment>:<byte>`. */
export type ReadErrorCount = { kind: ReadErrorKind; lines: number; first: string }

/** Lines that could not be read: counted and named, never fatal, never dropped in silence. */
export class ReadErrors {
  readonly #counts = new Map<ReadErrorKind, ReadErrorCount>()

  add(kind: ReadErrorKind, segment: string, offset: number): void {
    const count = this.#counts.get(kind)
    if (count) count.lines++
    else this.#counts.set(kind, { kind, lines: 1, first: `${segment}:${offset}` })
  }

  /** What another reading, or an index, counted. */
  addCounts(counts: Iterable<ReadErrorCount>): void {
    for (const { kind, lines, first } of counts) {
      const count = this.#counts.get(kind)
      if (count) count.lines += lines
      else this.#counts.set(kind, { kind, lines, first })
    }
  }

  list(): ReadErrorCount[] {
    return [...this.#counts.values()]
  }

  lines(kind: ReadErrorKind): number {
    return this.#counts.get(kind)?.lines ?? 0
  }
}
