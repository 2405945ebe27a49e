import type { AddressRange } from "../../../model/filter/prefilter.ts"
import { BlockBuffer } from "../index-file.ts"
import type { BlockRef } from "./spanning-finder.ts"

/** By block: where the lines start that have an address in one of the ranges, from the start of the segment. */
export type AddressLines = ReadonlyMap<BlockRef, ReadonlySet<number>>

/** Reads a few columns of each block. Different addresses may have one number: the lines need a closer look. */
export function addressLines(blocks: readonly BlockRef[], ranges: readonly AddressRange[]): AddressLines {
  const found = new Map<BlockRef, Set<number>>()
  const buffer = new BlockBuffer()
  for (const ref of blocks) {
    const lines = new Set<number>()
    const { number, line } = ref.index.owners(ref.number, buffer).addresses
    for (const { from, to } of ranges)
      for (let at = 0; at < number.length; at++) {
        const one = number[at] ?? 0
        if (one >= from && one <= to) lines.add(ref.header.fromByte + (line[at] ?? 0))
      }
    found.set(ref, lines)
  }
  return found
}
