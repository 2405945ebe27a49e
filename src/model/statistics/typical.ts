import type { Call } from "../call.ts"
import { type Operation, walk } from "../operation.ts"
import { Tally } from "./statistics.ts"

/** How long a call took, and how long calls of its plugin take in operations that succeeded. Milliseconds. */
export type TypicalCall = {
  call: Call
  level: number
  /** number of calls that the percentiles are of */
  calls: number
  p50Ms: number | null
  p95Ms: number | null
}

/** Each call of an operation compared with those of the operations of the same command and network that succeeded. */
export function typicalOf(one: Operation, all: readonly Operation[]): { operations: number; calls: TypicalCall[] } {
  const tally = new Tally(0)
  let operations = 0
  for (const each of all) {
    if (each.id === one.id || each.outcome !== "ok") continue
    if (each.command !== one.command || each.network !== one.network) continue
    operations++
    for (const { call } of walk(each.calls)) tally.add(call)
  }
  const groups = new Map(tally.statistics().groups.map((group) => [group.plugin, group]))
  const calls = walk(one.calls).map(({ call, level }): TypicalCall => {
    const { calls: count = 0, p50Ms = null, p95Ms = null } = groups.get(call.plugin) ?? {}
    return { call, level, calls: count, p50Ms, p95Ms }
  })
  return { operations, calls }
}
