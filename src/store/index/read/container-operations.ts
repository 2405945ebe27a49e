import type { Call } from "../../../model/call.ts"
import { toOperations } from "../../../model/operation.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import type { ReadErrors } from "../../capture/read-errors.ts"
import { joinedHash } from "../block.ts"
import { type Columns, idAt, type OwnerPrefix } from "../columns.ts"
import { BlockBuffer } from "../index-file.ts"
import { Interner } from "../interner.ts"
import type { AddressLines } from "./address-lines.ts"
import { byFirst, type OpenBlocks } from "./open-blocks.ts"
import { addCalls, completeCalls } from "./spanning-calls.ts"
import { type BlockRef, wasClockSet } from "./spanning-finder.ts"

/**
 * Containers of a node, as the hashes that blocks have (`owner`). Two containers may have one hash: readers of their
 * operations check which one it is.
 */
export type Owners = Set<number>

/**
 * All operations of a few containers, in the order they started, and occasionally one of another container. Nothing else
 * is read.
 */
export async function containerOperations(
  opened: OpenBlocks,
  errors: ReadErrors,
  owners: Owners,
): Promise<OperationSummary[]> {
  const { blocks, summaries, order } = opened
  let calls: Map<string, Call>
  let size: number
  do {
    size = owners.size
    calls = callsOf(opened, owners)
    for (const owner of relatedOwners(blocks, calls)) owners.add(owner)
  } while (owners.size > size)
  await completeCalls(opened, errors, calls)
  const operations = toOperations([...calls.values()]).map((operation) => summaries.ofGrouped(operation))
  return operations.sort(byFirst(order))
}

/**
 * A plugin may name another container, or another node, for its delegate: calls of that one belong to the operation. For
 * the ledger a container is the same whether its calls were recorded under one name of the node, another, or none.
 */
function relatedOwners(blocks: readonly BlockRef[], calls: ReadonlyMap<string, Call>): Owners {
  const missing = [...calls.values()].flatMap(({ parent }) => (parent && !calls.has(parent) ? [parent] : []))
  const owners = missing.length > 0 ? ownersOfCalls(blocks, new Set(missing)) : new Set<number>()
  for (const { header } of blocks)
    for (const { owner, parent } of header.dangling) if (calls.has(parent)) owners.add(owner)
  const containers = new Set([...calls.values()].flatMap(({ containerId }) => containerId ?? []))
  for (const owner of ownersOfContainers(blocks, containers)) owners.add(owner)
  return owners
}

function callsOf({ blocks, summaries }: OpenBlocks, owners: Owners): Map<string, Call> {
  const calls = new Map<string, Call>()
  const [prefixes, buffer] = [new BlockBuffer(), new BlockBuffer()]
  for (const ref of blocks) {
    const selected = operationsOf(ref, ref.index.owners(ref.number, prefixes), owners)
    if (selected.length > 0) addCalls(ref, ref.index.block(ref.number, buffer), selected, summaries, calls)
  }
  return calls
}

/** Numbers of the block's operations with a call of one of the containers. */
function operationsOf({ header }: BlockRef, { operations: { owner } }: OwnerPrefix, owners: Owners): number[] {
  // If the node's clock was set, only all calls of the block together show their order.
  if (wasClockSet(header.clockEpochs)) return [...owner.keys()]
  const selected: number[] = []
  for (let operation = 0; operation < owner.length; operation++)
    if (owners.has(owner[operation] ?? 0)) selected.push(operation)
  for (const [operation, , others] of header.mixed)
    if (others.some((other) => owners.has(other))) selected.push(operation)
  return selected
}

/** The containers of the calls with these lines; 0 if one has no container. */
export function ownersOfLines(blocks: readonly BlockRef[], found: AddressLines): Owners {
  const owners: Owners = new Set()
  const buffer = new BlockBuffer()
  const open = new Set<string>()
  for (const [ref, lines] of found) {
    if (lines.size === 0) continue
    // The line of a call that began in another block.
    for (const { header, offset } of ref.header.orphans) if (lines.has(offset)) open.add(header.id)
    for (const { id, offset } of ref.header.progress) if (lines.has(offset)) open.add(id)
    const { columns } = ref.index.block(ref.number, buffer)
    const { begin, end } = columns.numbers
    const { fromByte } = ref.header
    for (const [operation, row] of rowsOf(columns))
      if (lines.has(fromByte + (begin[row] ?? 0)) || lines.has(fromByte + (end[row] ?? 0)))
        owners.add(columns.operations.owner[operation] ?? 0)
  }
  for (const owner of ownersOfOpen(blocks, open)) owners.add(owner)
  return owners
}

/** The containers that were deleted, and for which no ADD was recorded: an index has no addresses of what DEL is given. */
export function ownersWithoutAdd(blocks: readonly BlockRef[]): Owners {
  const interner = new Interner()
  const [add, del] = ["ADD", "DEL"].map((command) => interner.hash(interner.numberOf(command)))
  const [added, deleted]: [Owners, Owners] = [new Set(), new Set()]
  const buffer = new BlockBuffer()
  for (const ref of blocks) {
    const { owner, family } = ref.index.owners(ref.number, buffer).operations
    const see = (own: number, one: number) => {
      if (one === joinedHash(own, add ?? 0)) added.add(own)
      else if (one === joinedHash(own, del ?? 0)) deleted.add(own)
    }
    for (let operation = 0; operation < owner.length; operation++) see(owner[operation] ?? 0, family[operation] ?? 0)
    for (const [operation, families, others] of ref.header.mixed)
      for (const own of [owner[operation] ?? 0, ...others]) for (const one of families) see(own, one)
  }
  for (const owner of added) deleted.delete(owner)
  return deleted
}

/** The containers with these IDs, on every node of the capture. */
export function ownersOfContainers(blocks: readonly BlockRef[], containerIds: Iterable<string>): Owners {
  const interner = new Interner()
  const hashOf = (text: string) => interner.hash(interner.numberOf(text))
  const nodes = new Set(blocks.flatMap(({ header }) => header.clockEpochs.map(({ node }) => hashOf(node))))
  const owners: Owners = new Set()
  for (const containerId of containerIds) for (const node of nodes) owners.add(joinedHash(node, hashOf(containerId)))
  return owners
}

/** Containers of calls that have no end in the block in which they began. */
function ownersOfOpen(blocks: readonly BlockRef[], ids: ReadonlySet<string>): Owners {
  const owners: Owners = new Set()
  const buffer = new BlockBuffer()
  for (const ref of ids.size > 0 ? blocks : []) {
    const operations = ref.header.openCalls.filter(({ id }) => ids.has(id)).map(({ operation }) => operation)
    if (operations.length === 0) continue
    const { owner } = ref.index.owners(ref.number, buffer).operations
    for (const operation of operations) owners.add(owner[operation] ?? 0)
  }
  return owners
}

/** Reads every block: a parent in another container or on another node is rare, unless its record is lost. */
function ownersOfCalls(blocks: readonly BlockRef[], ids: ReadonlySet<string>): Owners {
  const owners: Owners = new Set()
  const buffer = new BlockBuffer()
  for (const ref of blocks) {
    const { columns } = ref.index.block(ref.number, buffer)
    for (const [operation, row] of rowsOf(columns))
      if (ids.has(idAt(columns, row))) owners.add(columns.operations.owner[operation] ?? 0)
  }
  owners.delete(0)
  return owners
}

function* rowsOf({ operations: { from }, rows }: Columns): Generator<[operation: number, row: number]> {
  for (let operation = 0; operation < from.length; operation++)
    for (let row = from[operation] ?? 0; row < (from[operation + 1] ?? rows); row++) yield [operation, row]
}
