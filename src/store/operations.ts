import type { Call } from "../model/call.ts"
import { type Operation, toOperations } from "../model/operation.ts"
import { readCalls, type TimeRange } from "./calls.ts"
import type { Capture } from "./capture.ts"
import type { Damage } from "./damage.ts"

/** The operations of a capture in the order they started. */
export async function* readOperations(
  capture: Capture,
  damage: Damage,
  range: TimeRange = {},
): AsyncGenerator<Operation> {
  const calls: Call[] = []
  for await (const call of readCalls(capture, damage, range)) calls.push(call)
  for (const operation of toOperations(calls)) {
    if (range.sinceMs !== undefined && operation.wallMs < range.sinceMs) continue
    if (range.untilMs !== undefined && operation.wallMs > range.untilMs) continue
    yield operation
  }
}
