import type { Exit } from "../capture/record.ts"
import { type Call, type CallState, resultOf } from "./call.ts"
import { errorTextOf } from "./explain/error-text.ts"
import { type CallNode, type Operation, toOperation, walk } from "./operation.ts"
import { addressesOf } from "./result/result-fields.ts"

/**
 * Operations as columns, without streams and environment: what a list, a waterfall and statistics need of 100,000
 * calls, a tenth of the JSON of the calls themselves. One entry a call, in tree order; `-1` where a number is absent.
 */
export type PackedOperations = {
  /** every text once; 0 is the absent one */
  strings: string[]
  /** what the calls of one operation share: indexes into `strings`, in the order of `CONTEXT` */
  contexts: number[][]
  /** 0 where an operation begins, else how deep the call is nested below the one before it */
  level: number[]
  /** true for the first call of an operation */
  first: number[]
  context: number[]
  id: string[]
  plugin: number[]
  pid: number[]
  ppid: number[]
  depth: number[]
  wallMs: number[]
  monoMs: number[]
  durationMs: number[]
  spawnMs: number[]
  state: number[]
  exit: number[]
  summary: number[]
}

/** What a list says of a call beyond its facts: why it failed, and which addresses it gave. */
export type CallSummary = { reason?: string; ips?: string[] }

/** An operation whose calls carry neither streams nor environment; `summaries` by call id. */
export type OperationSummary = Operation & { summaries: ReadonlyMap<string, CallSummary> }

const CONTEXT = ["command", "containerId", "netns", "ifname", "network", "cniVersion", "node", "parentName"] as const
const POD = ["namespace", "name", "uid"] as const
const STATES: readonly CallState[] = ["ended", "running", "killed", "unknown"]
const REASON_CHARACTERS = 300

const EMPTY: Pick<Call, "argv" | "env" | "envNames"> = { argv: [], env: {}, envNames: [] }

/** Why it failed, in its own words. */
export function summarize(call: Call): CallSummary {
  const ips = addressesOf(resultOf(call))
  const isOk = call.exit !== undefined && "code" in call.exit && call.exit.code === 0
  const reason = isOk ? "" : (errorTextOf(call) ?? "")
  return {
    ...(reason ? { reason: reason.slice(0, REASON_CHARACTERS) } : {}),
    ...(ips.length > 0 ? { ips } : {}),
  }
}

export function packOperations(operations: Iterable<OperationSummary>): PackedOperations {
  const strings = dictionary()
  const contexts = dictionary()
  const packed: PackedOperations = {
    strings: strings.values,
    contexts: [],
    level: [],
    first: [],
    context: [],
    id: [],
    plugin: [],
    pid: [],
    ppid: [],
    depth: [],
    wallMs: [],
    monoMs: [],
    durationMs: [],
    spawnMs: [],
    state: [],
    exit: [],
    summary: [],
  }
  for (const operation of operations) {
    let isFirst = true
    for (const { call, level } of walk(operation.calls)) {
      const context = [...CONTEXT.map((key) => call[key]), ...POD.map((key) => call.pod?.[key])].map((text) =>
        strings.index(text ?? ""),
      )
      const at = contexts.index(context.join())
      packed.contexts[at] ??= context
      const summary = operation.summaries.get(call.id)
      packed.level.push(level)
      packed.first.push(isFirst ? 1 : 0)
      packed.context.push(at)
      packed.id.push(call.id)
      packed.plugin.push(strings.index(call.plugin))
      packed.pid.push(call.pid)
      packed.ppid.push(call.ppid)
      packed.depth.push(call.depth)
      packed.wallMs.push(call.wallMs)
      packed.monoMs.push(call.monoMs)
      packed.durationMs.push(call.durationMs ?? -1)
      packed.spawnMs.push(call.spawnMs ?? -1)
      packed.state.push(STATES.indexOf(call.state) + (call.as === "probe" ? STATES.length : 0))
      packed.exit.push(strings.index(call.exit ? JSON.stringify(call.exit) : ""))
      packed.summary.push(strings.index(summary?.reason || summary?.ips ? JSON.stringify(summary) : ""))
      isFirst = false
    }
  }
  packed.contexts[0] ??= []
  return packed
}

export function unpackOperations(packed: PackedOperations): OperationSummary[] {
  const operations: OperationSummary[] = []
  const textAt = (index: number | undefined) => packed.strings[index ?? 0] ?? ""
  let at = 0
  while (at < packed.id.length) {
    const top: CallNode[] = []
    const path: CallNode[] = []
    const summaries = new Map<string, CallSummary>()
    do {
      const call = unpackCall(packed, at, textAt)
      const node: CallNode = { call, children: [] }
      const level = packed.level[at] ?? 0
      path.length = level
      const parent = path.at(-1)
      if (parent) parent.children.push(node)
      else top.push(node)
      path.push(node)
      const summary = textAt(packed.summary[at])
      if (summary) summaries.set(call.id, JSON.parse(summary) as CallSummary)
      at++
    } while (at < packed.id.length && packed.first[at] !== 1)
    operations.push({ ...toOperation(top), summaries })
  }
  return operations
}

function unpackCall(packed: PackedOperations, at: number, textAt: (index: number | undefined) => string): Call {
  const context = packed.contexts[packed.context[at] ?? 0] ?? []
  const shared = Object.fromEntries(
    CONTEXT.flatMap((key, column) => {
      const text = textAt(context[column])
      return text || key === "command" ? [[key, text]] : []
    }),
  ) as Pick<Call, (typeof CONTEXT)[number]>
  const [namespace, name, uid] = POD.map((_, column) => textAt(context[CONTEXT.length + column]))
  const state = packed.state[at] ?? 0
  const durationMs = packed.durationMs[at] ?? -1
  const spawnMs = packed.spawnMs[at] ?? -1
  const exit = textAt(packed.exit[at])
  return {
    ...shared,
    ...(namespace && name ? { pod: { namespace, name, ...(uid ? { uid } : {}) } } : {}),
    id: packed.id[at] ?? "",
    depth: packed.depth[at] ?? 0,
    as: state >= STATES.length ? "probe" : "relay",
    pid: packed.pid[at] ?? 0,
    ppid: packed.ppid[at] ?? 0,
    plugin: textAt(packed.plugin[at]),
    path: "",
    ...EMPTY,
    wallMs: packed.wallMs[at] ?? 0,
    monoMs: packed.monoMs[at] ?? 0,
    state: STATES[state % STATES.length] ?? "unknown",
    ...(exit ? { exit: JSON.parse(exit) as Exit } : {}),
    ...(durationMs >= 0 ? { durationMs } : {}),
    ...(spawnMs >= 0 ? { spawnMs } : {}),
  }
}

function dictionary(): { values: string[]; index(text: string): number } {
  const values = [""]
  const indexes = new Map([["", 0]])
  return {
    values,
    index(text) {
      const known = indexes.get(text)
      if (known !== undefined) return known
      indexes.set(text, values.length)
      return values.push(text) - 1
    },
  }
}
