import { type Call, isFailed, type Pod } from "./call.ts"
import { type CallTable, newTable } from "./grouping/call-table.ts"
import { groupCalls, SAME_LIST_MS } from "./grouping/group-calls.ts"

/** A call with the delegate and IPAM calls that its plugin made, in time order. */
export type CallNode = { call: Call; children: CallNode[] }

/** `ok`, `failed`: as the runtime was told. `running`: a call is in flight. `killed`: one began and never ended. */
export type Outcome = "ok" | "failed" | "running" | "killed" | "unknown"

/** One CNI command that a runtime carried out over a plugin list. Times are milliseconds; `wallMs` since 1970. */
export type Operation = {
  /** id of its first call */
  id: string
  command: string
  pod?: Pod
  containerId?: string
  ifname?: string
  netns?: string
  network?: string
  node?: string
  /** comm of the process that ran the list: containerd, crio, multus-daemon */
  runtime?: string
  wallMs: number
  /** from the start of the first call to the end of the last; absent while one is in flight or was killed */
  durationMs?: number
  outcome: Outcome
  /** top-level calls in the order they were made (on DEL: the reverse of the list) */
  calls: CallNode[]
}

/** Groups calls into operations, in the order they started. */
export function toOperations(calls: Iterable<Call>): Operation[] {
  const all = [...calls]
  const { rows, level, from } = groupCalls(toTable(all))
  const operations: Operation[] = []
  for (const [at, begin] of from.entries()) {
    const top: CallNode[] = []
    const path: CallNode[] = []
    for (let place = begin; place < (from[at + 1] ?? rows.length); place++) {
      const node: CallNode = { call: all[rows[place] ?? 0] as Call, children: [] }
      const depth = level[place] ?? 0
      const siblings = depth === 0 ? top : path[depth - 1]?.children
      siblings?.push(node)
      path[depth] = node
    }
    operations.push(toOperation(top))
  }
  return operations
}

/** Every call of the tree, parents before children. */
export function* walk(nodes: CallNode[]): Generator<{ call: Call; level: number }> {
  const stack = nodes.map((node) => ({ node, level: 0 })).reverse()
  for (let next = stack.pop(); next; next = stack.pop()) {
    yield { call: next.node.call, level: next.level }
    for (const child of next.node.children.toReversed()) stack.push({ node: child, level: next.level + 1 })
  }
}

function toTable(calls: readonly Call[]): CallTable {
  const table = newTable(calls.length)
  const rowOf = new Map(calls.map(({ id }, row) => [id, row]))
  const numbers = new Map<string | number, number>()
  const numbered = (value: string | number | undefined) => {
    if (value === undefined || value === "") return 0
    const known = numbers.get(value) ?? numbers.size + 1
    numbers.set(value, known)
    return known
  }
  for (const [row, call] of calls.entries()) {
    table.node[row] = numbered(call.node)
    table.ppid[row] = numbered(call.ppid)
    table.command[row] = numbered(call.command)
    table.containerId[row] = numbered(call.containerId)
    table.ifname[row] = numbered(call.ifname)
    table.network[row] = numbered(call.network)
    table.plugin[row] = numbered(call.plugin)
    table.parentRow[row] = call.parent ? (rowOf.get(call.parent) ?? -1) : -1
    table.wallMs[row] = call.wallMs
    table.monoMs[row] = call.monoMs
    table.durationMs[row] = call.durationMs ?? Number.NaN
    table.isProbe[row] = call.as === "probe" ? 1 : 0
    table.isFailed[row] = isFailed(call) ? 1 : 0
  }
  return table
}

/** Whether no further call can belong to it. `nowMs` since 1970. */
export function isOperationOver({ outcome, wallMs, durationMs }: Operation, nowMs: number): boolean {
  if (outcome === "running") return false
  return outcome === "failed" || outcome === "killed" || nowMs - wallMs - (durationMs ?? 0) >= SAME_LIST_MS
}

/** The operation that a list of top-level calls makes; they are in the order they were made. */
export function toOperation(calls: CallNode[]): Operation {
  const first = calls[0]?.call
  const last = calls.at(-1)?.call
  if (!first || !last) throw new RangeError("an operation has at least one call")
  const { id, command, pod, containerId, ifname, netns, network, node, parentName, wallMs } = first
  const end = endMono(last)
  return {
    id,
    command,
    ...(pod ? { pod } : {}),
    ...(containerId ? { containerId } : {}),
    ...(ifname ? { ifname } : {}),
    ...(netns ? { netns } : {}),
    ...(network ? { network } : {}),
    ...(node ? { node } : {}),
    ...(parentName ? { runtime: parentName } : {}),
    wallMs,
    ...(end === undefined ? {} : { durationMs: Math.round((end - first.monoMs) * 1000) / 1000 }),
    outcome: outcomeOf(calls),
    calls,
  }
}

/** A probe is over as soon as it began. */
function endMono({ as, monoMs, durationMs }: Call): number | undefined {
  return durationMs === undefined ? (as === "probe" ? monoMs : undefined) : monoMs + durationMs
}

function outcomeOf(calls: CallNode[]): Outcome {
  for (const state of ["running", "killed", "unknown"] as const) if (hasState(calls, state)) return state
  return calls.some(({ call }) => isFailed(call)) ? "failed" : "ok"
}

function hasState(nodes: CallNode[], state: Call["state"]): boolean {
  return nodes.some(({ call, children }) => call.state === state || hasState(children, state))
}
