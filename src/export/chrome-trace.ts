import { type Call, isFailed } from "../model/call.ts"
import { podName, stateText } from "../model/format.ts"
import type { CallNode, Operation } from "../model/operation.ts"
import { outcomeText } from "../model/outcome.ts"

/**
 * One event of the Trace Event Format, which Perfetto and chrome://tracing read. Times are microseconds. `X` is a complete
 * event, `i` an instant event, `M` metadata.
 */
export type TraceEvent = {
  name: string
  ph: "X" | "i" | "M"
  pid: number
  tid: number
  ts?: number
  dur?: number
  cat?: string
  s?: "t"
  cname?: string
  args: Record<string, unknown>
}

type Lane = { tid: number; endUs: number }
type Track = { pid: number; lanes: Lane[]; originMs: number }

/**
 * Converts operations to trace events; operations must be added in the order they began. A node is a process. An operation
 * occupies the first free lane (thread), with its calls nested in it. Delegates that run in parallel get their own lanes.
 */
export class ChromeTrace {
  readonly #tracks = new Map<string, Track>()
  readonly #nowMs: number

  /** `nowMs`: the current end of calls in flight, milliseconds since 1970 */
  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  events(operation: Operation): TraceEvent[] {
    const events: TraceEvent[] = []
    const track = this.#track(operation.node ?? "", operation, events)
    const fromUs = micros(operation.wallMs)
    const toUs = Math.max(fromUs, ...endTimesUs(operation.calls, this.#nowMs))
    const lane = this.#lane(track, fromUs, toUs, events)
    events.push({
      name: `${operation.command} ${podName(operation)}`.trim(),
      ph: "X",
      pid: track.pid,
      tid: lane.tid,
      ts: fromUs,
      dur: toUs - fromUs,
      cat: "operation",
      ...(operation.outcome === "ok" ? {} : { cname: "terrible" }),
      args: {
        id: operation.id,
        outcome: outcomeText(operation),
        ...(operation.containerId ? { container: operation.containerId } : {}),
        ...(operation.network ? { network: operation.network } : {}),
        ...(operation.ifname ? { ifname: operation.ifname } : {}),
        ...(operation.runtime ? { runtime: operation.runtime } : {}),
      },
    })
    this.#nest(operation.calls, track, lane, toUs, events)
    return events
  }

  #nest(nodes: CallNode[], track: Track, lane: Lane, untilUs: number, events: TraceEvent[]): void {
    let freeUs = 0
    for (const { call, children } of nodes) {
      const fromUs = micros(call.wallMs)
      // A nested event must not end after its parent, or viewers draw it elsewhere; rounding can make it do so.
      const toUs = Math.min(untilUs, Math.max(fromUs, endUs(call, this.#nowMs)))
      const own = fromUs >= freeUs ? lane : this.#lane(track, fromUs, toUs, events)
      freeUs = Math.max(freeUs, toUs)
      events.push(callEvent(call, track.pid, own.tid, fromUs, toUs))
      this.#nest(children, track, own, toUs, events)
    }
  }

  #track(node: string, { wallMs }: Operation, events: TraceEvent[]): Track {
    const known = this.#tracks.get(node)
    if (known) return known
    const track = { pid: this.#tracks.size + 1, lanes: [], originMs: wallMs }
    this.#tracks.set(node, track)
    events.push({ name: "process_name", ph: "M", pid: track.pid, tid: 0, args: { name: node || "node" } })
    return track
  }

  #lane({ pid, lanes }: Track, fromUs: number, toUs: number, events: TraceEvent[]): Lane {
    const free = lanes.find((lane) => lane.endUs <= fromUs)
    if (free) {
      free.endUs = toUs
      return free
    }
    const lane = { tid: lanes.length + 1, endUs: toUs }
    lanes.push(lane)
    events.push({ name: "thread_name", ph: "M", pid, tid: lane.tid, args: { name: `operations ${lane.tid}` } })
    return lane
  }
}

function callEvent(call: Call, pid: number, tid: number, fromUs: number, toUs: number): TraceEvent {
  const isUnended = call.state !== "ended" && call.state !== "running"
  return {
    name: call.plugin,
    ph: isUnended || call.as === "probe" ? "i" : "X",
    pid,
    tid,
    ts: fromUs,
    ...(isUnended || call.as === "probe" ? { s: "t" as const } : { dur: toUs - fromUs }),
    cat: "call",
    ...(isFailed(call) ? { cname: "terrible" } : {}),
    args: {
      id: call.id,
      command: call.command,
      state: stateText(call),
      pid: call.pid,
      ...(call.spawnMs === undefined ? {} : { spawnMs: call.spawnMs }),
      ...(call.usage ? { maxRssBytes: call.usage.maxRssBytes } : {}),
    },
  }
}

function endTimesUs(nodes: CallNode[], nowMs: number): number[] {
  return nodes.flatMap(({ call, children }) => [endUs(call, nowMs), ...endTimesUs(children, nowMs)])
}

function endUs({ wallMs, durationMs, state }: Call, nowMs: number): number {
  return micros(
    durationMs === undefined ? (state === "running" ? Math.max(wallMs, nowMs) : wallMs) : wallMs + durationMs,
  )
}

function micros(ms: number): number {
  return Math.round(ms * 1000)
}
