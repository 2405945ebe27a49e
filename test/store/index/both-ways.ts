import type { Call } from "../../../src/model/call.ts"
import { judgeLists } from "../../../src/model/incomplete-list.ts"
import { type Operation, toOperations } from "../../../src/model/operation.ts"
import { readCalls } from "../../../src/store/capture/calls.ts"
import { openCapture } from "../../../src/store/capture/capture.ts"
import { ReadErrors } from "../../../src/store/capture/read-errors.ts"
import { type ReadOptions, readOperations } from "../../../src/store/query/operations.ts"

/** A capture's operations and the lines that could not be read. */
type Read = { operations: Operation[]; damage: object[] }

export async function allAtOnce(directory: string): Promise<Read> {
  const damage = new ReadErrors()
  const calls: Call[] = []
  for await (const call of readCalls(await openCapture(directory), damage)) calls.push(call)
  return { operations: judgeLists(toOperations(calls)), damage: damageOf(damage) }
}

export async function fromIndexes(directory: string, reading: ReadOptions = {}): Promise<Read> {
  const damage = new ReadErrors()
  const operations: Operation[] = []
  for await (const operation of readOperations(await openCapture(directory), damage, {}, reading))
    operations.push(operation)
  return { operations, damage: damageOf(damage) }
}

/** Which of a kind is the first depends on the order of reading. */
function damageOf(damage: ReadErrors): object[] {
  return damage
    .list()
    .map(({ kind, lines }) => ({ kind, lines }))
    .sort((a, b) => (a.kind < b.kind ? -1 : 1))
}
