import { type Call, endsList, type Pod } from "./call.ts"
import { type CallTable, newCallTable } from "./grouping/call-table.ts"
import { groupCalls, SAME_LIST_MS } from "./grouping/group-calls.ts"
import { judge, type Outcome, type OutcomeReason } from "./outcome.ts"
import { answerOf } from "./result/answer.ts"

/** A call and the delegate and IPAM calls that its plugin made, in the order they started. */
export type CallNode = { call: Call; children: CallNode[] }

/** One CNI command, executed by a runtime over a plugin list. Times are milliseconds; `wallMs` since 1970. */
export type Operation = {
  /** ID of its first call */
  id: string
  command: string
  pod?: Pod
  containerId?: string
  ifname?: string
  netns?: string
  network?: string
  node?: string
  /** name of the process that executes the list: containerd, crio, multus-daemon */
  runtime?: string
  wallMs: number
  /** from the start of the first call to the end of the last; absent if the last is in flight or was killed */
  durationMs?: number
  /** what the runtime concludes */
  outcome: Outcome
  /** only if it failed */
  outcomeReason?: OutcomeReason
  /** top-level calls in the order they started (on DEL: the list in reverse) */
  calls: CallNode[]
}

/** Groups calls into operations, in the order they started. */
export function toOperations(calls: Iterable<Call>): Operation[] {
  const all = [...calls]
  const { rows, level, from } = groupCalls(toCallTable(all))
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
export function walk(nodes: readonly CallNode[]): { call: Call; level: number }[] {
  const calls: { call: Call; level: number }[] = []
  // Not recursive: a capture may claim any depth.
  const path = [{ nodes, next: 0 }]
  for (let at = path.at(-1); at; at = path.at(-1)) {
    const node = at.nodes[at.next++]
    if (!node) {
      path.pop()
      continue
    }
    calls.push({ call: node.call, level: path.length - 1 })
    if (node.children.length > 0) path.push({ nodes: node.children, next: 0 })
  }
  return calls
}

function toCallTable(calls: readonly Call[]): CallTable {
  const table = newCallTable(calls.length)
  const rowOf = new Map(calls.map(({ id }, row) => [id, row]))
  const numbers = new Map<string | number, number>()
  const numberOf = (value: string | number | undefined) => {
    if (value === undefined || value === "") return 0
    const number = numbers.get(value) ?? numbers.size + 1
    numbers.set(value, number)
    return number
  }
  for (const [row, call] of calls.entries()) {
    table.node[row] = numberOf(call.node)
    table.ppid[row] = numberOf(call.ppid)
    table.command[row] = numberOf(call.command)
    table.containerId[row] = numberOf(call.containerId)
    table.ifname[row] = numberOf(call.ifname)
    table.network[row] = numberOf(call.network)
    table.plugin[row] = numberOf(call.plugin)
    table.parentRow[row] = call.parent ? (rowOf.get(call.parent) ?? -1) : -1
    table.wallMs[row] = call.wallMs
    table.monoMs[row] = call.monoMs
    table.durationMs[row] = call.durationMs ?? Number.NaN
    table.isProbe[row] = call.as === "probe" ? 1 : 0
    table.isFailed[row] = endsList(call) ? 1 : 0
  }
  return table
}

/** Whether no further call can belong to it. `nowMs` is milliseconds since 1970. */
export function isOperationOver({ outcome, wallMs, durationMs }: Operation, nowMs: number): boolean {
  if (outcome === "running") return false
  return outcome === "failed" || outcome === "killed" || nowMs - wallMs - (durationMs ?? 0) >= SAME_LIST_MS
}

/** The operation of these top-level calls, which must be in the order they started. */
export function toOperation(calls: CallNode[]): Operation {
  const first = calls[0]?.call
  const last = calls.at(-1)?.call
  if (!first || !last) throw new RangeError("an operation has at least one call")
  const { id, command, pod, containerId, ifname, netns, network, node, parentName, wallMs } = first
  const end = endMono(last)
  // Without streams the answer is in the index.
  const answer = answerOf(last)
  if (answer !== undefined && answer !== "result") last.answer = answer
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
    ...judge(calls.map(({ call }) => call)),
    calls,
  }
}

/** A probe ends as soon as it begins. */
function endMono({ as, monoMs, durationMs }: Call): number | undefined {
  return durationMs === undefined ? (as === "probe" ? monoMs : undefined) : monoMs + durationMs
}
