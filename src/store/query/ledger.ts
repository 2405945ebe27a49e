import type { Address } from "../../cni/address.ts"
import { EVERYTHING } from "../../model/filter/filter.ts"
import { rangeOf } from "../../model/filter/prefilter.ts"
import type { TimeRange } from "../../model/filter/time-range.ts"
import type { CurrentLists } from "../../model/incomplete-list.ts"
import type { Ledger } from "../../model/ledger/ledger.ts"
import { ledgerFactsIn } from "../../model/ledger/ledger-facts.ts"
import type { Period } from "../../model/ledger/unrecorded.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import type { Capture } from "../capture/capture.ts"
import type { Progress } from "../capture/progress.ts"
import { ReadErrors } from "../capture/read-errors.ts"
import { addressLines } from "../index/read/address-lines.ts"
import {
  containerOperations,
  ownersOfContainers,
  ownersOfLines,
  ownersWithoutAdd,
} from "../index/read/container-operations.ts"
import { mayBeIncomplete } from "../index/read/incomplete-lists.ts"
import { indexCapture, operationSummaries } from "../index/read/indexed-capture.ts"
import { type OpenBlocks, openBlocks } from "../index/read/open-blocks.ts"
import { settledContainers } from "../index/read/settled-containers.ts"
import type { BlockRef } from "../index/read/spanning-finder.ts"
import type { ReadOptions } from "./operations.ts"

/**
 * What the stores of the node are compared with. `nodes`: names of the nodes that recorded; `dataDirs`: stores of host-local
 * that configurations name; `recorded`: periods with calls.
 */
export type CaptureFacts = { nodes: ReadonlySet<string>; dataDirs: readonly string[]; recorded: readonly Period[] }

export async function readCaptureFacts(capture: Capture): Promise<CaptureFacts> {
  const { blocks, close } = await openBlocks(capture)
  close()
  return factsOf(blocks)
}

/** `wanted`: containers of matching operations; undefined: all. */
export type BookedLedger = CaptureFacts & { operations: number; wanted: ReadonlySet<string> | undefined }

/**
 * Books every operation of a capture. Most containers were added once and deleted successfully by each of their plugins:
 * these are booked as gone from the index alone. The operations of all others are read with their streams, in order.
 */
export async function bookLedger(
  ledger: Ledger,
  capture: Capture,
  errors: ReadErrors,
  { range = {}, filter, nowMs, progress, currentLists }: ReadOptions & { range?: TimeRange },
): Promise<BookedLedger> {
  const opened = await openBlocks(capture, {}, progress, currentLists)
  const indexed = await indexCapture(opened, errors, EVERYTHING, progress)
  try {
    const settled = settledContainers(indexed)
    ledger.addGone(settled.gone)
    const unsettled = { ...indexed, spanningOperations: settled.spanningOperations }
    const ledgerFacts = ledgerFactsIn(indexed.summaries)
    for (const operation of operationSummaries(unsettled, {}, (ref) => settled.others(ref)))
      ledger.add(operation, ledgerFacts)
    const wanted = filter && new Set<string>()
    if (wanted && filter) {
      for (const { containerId } of operationSummaries(indexed, {
        range,
        filter,
        ...(nowMs === undefined ? {} : { nowMs }),
      }))
        if (containerId) wanted.add(containerId)
    }
    return {
      operations: settled.operations,
      ...factsOf(indexed.blocks),
      wanted,
    }
  } finally {
    indexed.close()
  }
}

/**
 * Books the operations of the containers that hold or held an address, and of those that `alsoOf` names: it is called with
 * the node names and host-local's data directories of the capture.
 */
export async function bookOwners(
  ledger: Ledger,
  capture: Capture,
  errors: ReadErrors,
  { address, progress, currentLists, alsoOf }: OwnersWanted,
): Promise<BookedLedger> {
  const opened = await openBlocks(capture, {}, progress, currentLists)
  const { blocks, summaries } = opened
  try {
    const facts = factsOf(blocks)
    const owners = ownersOfContainers(blocks, await alsoOf(facts))
    // What was added before the capture began is known from its DEL.
    for (const owner of ownersWithoutAdd(blocks)) owners.add(owner)
    for (const owner of ownersOfLines(blocks, addressLines(blocks, [rangeOf(address)]))) owners.add(owner)
    owners.delete(0)
    const ownErrors = new ReadErrors()
    const operations = await containerOperations(opened, ownErrors, owners)
    // The operations of other containers decide whether these are complete.
    const isDecided = !mayBeIncomplete(opened, operations)
    if (isDecided) errors.addCounts(ownErrors.list())
    const ledgerFacts = ledgerFactsIn(summaries)
    for (const operation of isDecided ? operations : await operationsOfContainers(opened, errors, operations))
      ledger.add(operation, ledgerFacts)
    return { operations: operations.length, ...facts, wanted: undefined }
  } finally {
    opened.close()
  }
}

/** All operations of the containers of these, judged among all operations of the capture, in order. */
async function operationsOfContainers(
  opened: OpenBlocks,
  errors: ReadErrors,
  operations: readonly OperationSummary[],
): Promise<OperationSummary[]> {
  const containers = new Set(operations.map(({ containerId }) => containerId))
  const indexed = await indexCapture(opened, errors, EVERYTHING, undefined)
  return [...operationSummaries(indexed, {})].filter(({ containerId }) => containers.has(containerId))
}

type OwnersWanted = {
  address: Address
  progress?: Progress | undefined
  currentLists?: CurrentLists | undefined
  alsoOf(facts: CaptureFacts): Promise<Iterable<string>>
}

function factsOf(blocks: readonly BlockRef[]): CaptureFacts {
  const epochs = blocks.flatMap(({ header }) => header.clockEpochs)
  return {
    nodes: new Set(epochs.map(({ node }) => node)),
    dataDirs: [...new Set(blocks.flatMap(({ header }) => header.dataDirs))],
    recorded: epochs.map(({ wallMs, offset, monoMs }) => ({ fromMs: wallMs, toMs: offset[1] + monoMs[1] })),
  }
}
