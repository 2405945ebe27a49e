import type { Ledger } from "../model/ledger.ts"
import type { TimeRange } from "./calls.ts"
import type { Capture } from "./capture.ts"
import type { Damage } from "./damage.ts"
import { cleanContainers } from "./index/clean.ts"
import { lightOperations, open } from "./index/reader.ts"
import type { Reading } from "./operations.ts"

/** `nodes`: names of those that recorded. `wanted`: containers of operations that match; undefined: all. */
export type Booked = { operations: number; nodes: ReadonlySet<string>; wanted: ReadonlySet<string> | undefined }

/**
 * Books every operation of a capture. Containers whose ADD was answered by a DEL that succeeded at each of its plugins,
 * which nearly all are, are booked as gone from the index alone; what is left is read with its streams, in its order.
 * `isWhole`: the ledger keeps what is gone, so that everything has to be read.
 */
export async function bookLedger(
  ledger: Ledger,
  capture: Capture,
  damage: Damage,
  { range = {}, filter, nowMs, progress, isWhole }: Reading & { range?: TimeRange; isWhole?: boolean },
): Promise<Booked> {
  const opened = await open(capture, damage, {}, progress)
  try {
    const clean = isWhole ? undefined : cleanContainers(opened)
    if (clean) ledger.addGone(clean.gone)
    for (const { head } of opened.blocks) ledger.addDataDirs(head.dataDirs)
    let operations = 0
    const unclear = clean ? { ...opened, crossed: clean.crossed } : opened
    for (const operation of lightOperations(unclear, {}, clean && ((ref) => clean.others(ref)))) {
      ledger.add(operation, opened.light)
      operations++
    }
    const wanted = filter && new Set<string>()
    if (wanted && filter) {
      for (const { containerId } of lightOperations(opened, {
        range,
        filter,
        ...(nowMs === undefined ? {} : { nowMs }),
      }))
        if (containerId) wanted.add(containerId)
    }
    return {
      operations: clean?.operations ?? operations,
      nodes: new Set(opened.blocks.flatMap(({ head }) => head.stretches.map(({ node }) => node))),
      wanted,
    }
  } finally {
    opened.close()
  }
}
