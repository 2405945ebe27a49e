import type { Call } from "./call.ts"
import type { CallNode, Operation } from "./operation.ts"

/**
 * A part of a call. `spawn`: its process was being started. `work`: the plugin itself ran. `wait`: it waited for a call that
 * it made. Milliseconds since the operation began.
 */
export type WaterfallSpan = { kind: "spawn" | "work" | "wait"; fromMs: number; toMs: number }

export type WaterfallRow = {
  call: Call
  /** nesting depth: 0 for the calls that the runtime made */
  level: number
  fromMs: number
  /** the current time for a call in flight; the end of the last nested call if its own end is unknown */
  toMs: number
  /** in flight: the row still grows */
  isOpen: boolean
  /** it ended after `toMs`, but it is not known when: killed with its recorder, or on a node that cannot be asked */
  isEndUnknown: boolean
  /** without gaps, in time order */
  spans: WaterfallSpan[]
}

/** Rows in the order that the calls were made: on DEL that is the reverse of the plugin list. */
export type Waterfall = { totalMs: number; rows: WaterfallRow[] }

/** When each call of an operation ran. `nowMs` (since 1970): the current end of calls in flight. */
export function toWaterfall({ calls }: Operation, nowMs: number): Waterfall {
  const first = calls[0]?.call
  if (!first) return { totalMs: 0, rows: [] }
  // The monotonic clock is not adjusted; only calls in flight, whose end is now, need the wall clock.
  const origin: Origin = { monoMs: first.monoMs, elapsedMs: Math.max(0, nowMs - first.wallMs) }
  const rows = calls.flatMap((node) => rowsOf(node, 0, origin))
  return { totalMs: Math.max(...rows.map(({ toMs }) => toMs)), rows }
}

type Origin = { monoMs: number; elapsedMs: number }

function rowsOf(node: CallNode, level: number, origin: Origin): WaterfallRow[] {
  const { call, children } = node
  const { fromMs, toMs } = timesOf(call, origin)
  const nested = children.flatMap((child) => rowsOf(child, level + 1, origin))
  const isOpen = call.state === "running"
  const isEndUnknown = call.durationMs === undefined && !isOpen && call.as !== "probe"
  const lastMs = isEndUnknown ? Math.max(toMs, ...nested.map((row) => row.toMs)) : toMs
  return [{ call, level, fromMs, toMs: lastMs, isOpen, isEndUnknown, spans: spansOf(node, origin, lastMs) }, ...nested]
}

function spansOf({ call, children }: CallNode, origin: Origin, toMs: number): WaterfallSpan[] {
  const { fromMs } = timesOf(call, origin)
  const spans: WaterfallSpan[] = []
  let at = fromMs
  const until = (kind: WaterfallSpan["kind"], ms: number) => {
    const end = Math.min(ms, toMs)
    if (end > at) spans.push({ kind, fromMs: at, toMs: end })
    at = Math.max(at, end)
  }
  until("spawn", fromMs + (call.spawnMs ?? 0))
  // Delegates may run concurrently; overlapping time counts once.
  for (const child of children) {
    const times = timesOf(child.call, origin)
    until("work", times.fromMs)
    until("wait", times.toMs)
  }
  until("work", toMs)
  return spans
}

function timesOf({ monoMs, durationMs, state }: Call, origin: Origin): { fromMs: number; toMs: number } {
  const fromMs = monoMs - origin.monoMs
  if (durationMs !== undefined) return { fromMs, toMs: fromMs + durationMs }
  return { fromMs, toMs: state === "running" ? Math.max(fromMs, origin.elapsedMs) : fromMs }
}
