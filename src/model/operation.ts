import { type Call, isFailed, type Pod } from "./call.ts"

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

/** Calls of one list follow each other at once; a pause longer than this is another try of the same command. */
export const SAME_LIST_MS = 10_000
/** A call that never ended can be the parent of others for as long as a runtime lets a plugin run. */
export const LONGEST_CALL_MS = 600_000

/**
 * Groups calls into operations, in the order they started. A nested call belongs to its parent by id; where the
 * variable did not survive (thick Multus, Antrea), to the innermost call of the same container and command, made by
 * another process, whose time contains it. Top-level calls of one command, attachment, network and runtime process
 * follow each other in one operation until one fails, one of their plugins comes again (a retry) or time has passed.
 */
export function toOperations(calls: Iterable<Call>): Operation[] {
  const nodes = inOrder([...calls]).map((call): CallNode => ({ call, children: [] }))
  const byId = new Map(nodes.map((node) => [node.call.id, node]))
  const inFlight = new Map<string, CallNode[]>()
  const top: CallNode[] = []
  for (const node of nodes) {
    const key = familyOf(node.call)
    const parent = parentById(node, byId) ?? inferParent(node.call, key, inFlight)
    if (parent) parent.children.push(node)
    else top.push(node)
    const family = inFlight.get(key)
    if (family) family.push(node)
    else inFlight.set(key, [node])
  }
  return group(top).map(toOperation)
}

/** Every call of the tree, parents before children. */
export function* walk(nodes: CallNode[]): Generator<{ call: Call; level: number }> {
  const stack = nodes.map((node) => ({ node, level: 0 })).reverse()
  for (let next = stack.pop(); next; next = stack.pop()) {
    yield { call: next.node.call, level: next.level }
    for (const child of next.node.children.toReversed()) stack.push({ node: child, level: next.level + 1 })
  }
}

/**
 * The order in which the calls were made. The wall clock can be set back, so that within a node the monotonic clock
 * decides; it starts anew with each boot. The difference of both tells boots and clock steps apart from the rest.
 */
function inOrder(calls: Call[]): Call[] {
  const byNode = new Map<string, Call[]>()
  for (const call of calls) {
    const own = byNode.get(call.node ?? "")
    if (own) own.push(call)
    else byNode.set(call.node ?? "", [call])
  }
  const perNode = [...byNode.values()].map(nodeInOrder)
  return perNode.length === 1 ? (perNode[0] ?? []) : perNode.flat().sort((a, b) => a.wallMs - b.wallMs)
}

/** Slewing a clock moves it by less than this between calls that could be mistaken for each other. */
const STEP_MS = 1_000

function nodeInOrder(calls: Call[]): Call[] {
  const offset = ({ wallMs, monoMs }: Call) => wallMs - monoMs
  // As a rule nobody set the clock, and one sorting is enough.
  if (spread(calls.map(offset)) < STEP_MS) return calls.toSorted((a, b) => a.monoMs - b.monoMs)
  const sorted = calls.toSorted((a, b) => offset(a) - offset(b))
  const stretches: Call[][] = []
  let last: Call | undefined
  for (const call of sorted) {
    if (last && offset(call) - offset(last) < STEP_MS) stretches.at(-1)?.push(call)
    else stretches.push([call])
    last = call
  }
  for (const stretch of stretches) stretch.sort((a, b) => a.monoMs - b.monoMs)
  return stretches.sort(stretchOrder).flat()
}

function spread(values: number[]): number {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    if (value < least) least = value
    if (value > most) most = value
  }
  return most - least
}

/** One boot's clock was set where one stretch's monotonic times follow the other's; otherwise the node was booted. */
function stretchOrder(a: Call[], b: Call[]): number {
  const [firstA, lastA, firstB, lastB] = [a[0], a.at(-1), b[0], b.at(-1)]
  if (!firstA || !lastA || !firstB || !lastB) return 0
  if (lastA.monoMs <= firstB.monoMs) return -1
  if (lastB.monoMs <= firstA.monoMs) return 1
  return firstA.wallMs - firstB.wallMs
}

/** An id that leads back to the call itself is a damaged or forged record, no nesting. */
function parentById(node: CallNode, byId: Map<string, CallNode>): CallNode | undefined {
  const parent = node.call.parent ? byId.get(node.call.parent) : undefined
  if (!parent) return undefined
  const seen = new Set([node])
  for (let up: CallNode | undefined = parent; up; up = up.call.parent ? byId.get(up.call.parent) : undefined) {
    if (seen.has(up)) return undefined
    seen.add(up)
  }
  return parent
}

function familyOf({ node, containerId, command }: Call): string {
  return `${node}\n${containerId}\n${command}`
}

/** What ended before this call began contains none of the later ones either: it is forgotten, which keeps this linear. */
function inferParent(call: Call, key: string, inFlight: Map<string, CallNode[]>): CallNode | undefined {
  const family = inFlight.get(key)
  if (!family || !call.containerId) {
    inFlight.delete(key)
    return undefined
  }
  const open = family.filter(({ call: other }) => call.monoMs >= other.monoMs && call.monoMs <= latestEnd(other))
  inFlight.set(key, open)
  return open.findLast(
    ({ call: other }) =>
      other.as !== "probe" && other.ppid !== call.ppid && (endMono(call) ?? call.monoMs) <= latestEnd(other),
  )
}

function latestEnd(call: Call): number {
  return endMono(call) ?? call.monoMs + LONGEST_CALL_MS
}

/** A probe is over as soon as it began. */
function endMono({ as, monoMs, durationMs }: Call): number | undefined {
  return durationMs === undefined ? (as === "probe" ? monoMs : undefined) : monoMs + durationMs
}

function group(top: CallNode[]): CallNode[][] {
  const open = new Map<string, CallNode[][]>()
  const groups: CallNode[][] = []
  for (const node of top) {
    const { call } = node
    const key = [call.node, call.ppid, call.command, call.containerId, call.ifname].join("\n")
    const lists = (open.get(key) ?? []).filter((list) => !isOver(list, call))
    const list = lists.find((candidate) => isNext(candidate, call))
    if (list) list.push(node)
    else {
      const fresh = [node]
      lists.push(fresh)
      groups.push(fresh)
    }
    open.set(key, lists)
  }
  return groups
}

/** A reboot makes the monotonic clock smaller: nothing of before goes on. */
function isOver(list: CallNode[], call: Call): boolean {
  const last = list.at(-1)?.call
  if (!last || isFailed(last)) return true
  const pauseMs = call.monoMs - (endMono(last) ?? Math.min(call.monoMs, latestEnd(last)))
  return pauseMs >= SAME_LIST_MS || call.monoMs < last.monoMs
}

/** Networks of one pod may run side by side; a configuration that could not be read names none. */
function isNext(list: CallNode[], call: Call): boolean {
  const isSameNetwork = list.every(
    ({ call: { network } }) => network === undefined || call.network === undefined || network === call.network,
  )
  return isSameNetwork && !list.some(({ call: other }) => other.plugin === call.plugin)
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

function outcomeOf(calls: CallNode[]): Outcome {
  for (const state of ["running", "killed", "unknown"] as const) if (hasState(calls, state)) return state
  return calls.some(({ call }) => isFailed(call)) ? "failed" : "ok"
}

function hasState(nodes: CallNode[], state: Call["state"]): boolean {
  return nodes.some(({ call, children }) => call.state === state || hasState(children, state))
}
