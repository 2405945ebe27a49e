import type { Ledger } from "../../model/ledger/ledger.ts"
import { walk } from "../../model/operation.ts"
import type { TimeRange } from "../capture/calls.ts"
import type { Capture } from "../capture/capture.ts"
import type { ReadErrors } from "../capture/read-errors.ts"
import { Candidates } from "../index/candidates.ts"
import { textAt } from "../index/columns.ts"
import { Window } from "../index/index-file.ts"
import { type Opened, open, operationSummaries } from "../index/reader.ts"
import { settledContainers } from "../index/settled-containers.ts"
import type { Reading } from "./operations.ts"

/** `nodes`: names of those that recorded. `wanted`: containers of operations that match; undefined: all. */
export type Booked = { operations: number; nodes: ReadonlySet<string>; wanted: ReadonlySet<string> | undefined }

export type Keeps = { needle: string } | "all"

/**
 * Books every operation of a capture. Containers whose ADD was answered by a DEL that succeeded at each of its plugins,
 * which nearly all are, are booked as gone from the index alone; what is left is read with its streams, in its order.
 * `keeps`: of what is gone the ledger keeps that of which a line has this needle in it (`addressNeedle`); "all": of
 * anything.
 */
export async function bookLedger(
  ledger: Ledger,
  capture: Capture,
  damage: ReadErrors,
  { range = {}, filter, nowMs, progress, keeps }: Reading & { range?: TimeRange; keeps?: Keeps },
): Promise<Booked> {
  const opened = await open(capture, damage, {}, progress)
  try {
    const hits = keeps && keeps !== "all" ? await Candidates.search(opened.blocks, keeps.needle, progress) : undefined
    const kept = hits ? containersWith(opened, hits) : new Set<string>()
    const clean = keeps === "all" ? undefined : settledContainers(opened, kept)
    if (clean) ledger.addGone(clean.gone)
    for (const { head } of opened.blocks) ledger.addDataDirs(head.dataDirs)
    let operations = 0
    const unclear = clean ? { ...opened, crossed: clean.crossed } : opened
    for (const operation of operationSummaries(unclear, {}, clean && ((ref) => clean.others(ref)))) {
      ledger.add(operation, opened.light)
      operations++
    }
    const wanted = filter && new Set<string>()
    if (wanted && filter) {
      for (const { containerId } of operationSummaries(opened, {
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

/** Containers of the calls of which a line holds what was searched for. */
function containersWith({ blocks, crossed, light }: Opened, hits: Candidates): Set<string> {
  const containers = new Set<string>()
  const window = new Window()
  for (const ref of blocks) {
    if (hits.isNowhereIn(ref)) continue
    const block = ref.index.block(ref.number, window)
    const isHit = hits.ofRow(ref, block)
    for (let row = 0; row < block.columns.rows; row++) {
      const containerId = isHit(row) ? textAt(block.columns, "containerId", row) : undefined
      if (containerId !== undefined) containers.add(containerId)
    }
  }
  for (const { calls } of crossed)
    for (const { call } of walk(calls))
      if (call.containerId !== undefined && light.isHit(call, hits)) containers.add(call.containerId)
  return containers
}
