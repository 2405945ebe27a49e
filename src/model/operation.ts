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
const SAME_LIST_MS = 10_000

/**
 * Groups calls into operations. A nested call belongs to its parent by id; where the variable did not survive (thick
 * Multus, Antrea), to a call of the same attachment whose process is its parent and whose time contains it.
 * Top-level calls of one command, attachment, network and runtime process follow each other in one operation until
 * one of their plugins comes again (a retry) or time has passed.
 */
export function toOperations(calls: Iterable<Call>): Operation[] {
  const nodes = [...calls]
    .sort((a, b) => a.wallMs - b.wallMs || a.monoMs - b.monoMs)
    .map((call): CallNode => ({ call, children: [] }))
  const byId = new Map(nodes.map((node) => [node.call.id, node]))
  const byPid = new Map<string, CallNode[]>()
  const top: CallNode[] = []
  for (const node of nodes) {
    const parent = (node.call.parent ? byId.get(node.call.parent) : undefined) ?? inferParent(node.call, byPid)
    if (parent) parent.children.push(node)
    else top.push(node)
    const key = `${node.call.node}/${node.call.containerId}`
    byPid.set(key, [...(byPid.get(key) ?? []), node])
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

/** The relay is the plugin's parent: a nested call's ppid is the plugin's pid, whose ppid the relay's was; so only time and attachment tell. */
function inferParent(call: Call, recent: Map<string, CallNode[]>): CallNode | undefined {
  if (call.depth === 0 && !call.parent) return undefined
  return recent.get(`${call.node}/${call.containerId}`)?.findLast(({ call: other }) => {
    const endMs = other.durationMs === undefined ? Number.POSITIVE_INFINITY : other.monoMs + other.durationMs
    return other.depth < call.depth && call.monoMs >= other.monoMs && call.monoMs <= endMs
  })
}

function group(top: CallNode[]): CallNode[][] {
  const open = new Map<string, CallNode[]>()
  const groups: CallNode[][] = []
  for (const node of top) {
    const { call } = node
    const key = [call.node, call.ppid, call.command, call.containerId, call.ifname, call.network].join("\n")
    const list = open.get(key)
    const last = list?.at(-1)?.call
    const isNext =
      list !== undefined &&
      last !== undefined &&
      call.wallMs - (last.wallMs + (last.durationMs ?? 0)) < SAME_LIST_MS &&
      !list.some(({ call: other }) => other.plugin === call.plugin) &&
      !isFailed(last)
    if (isNext) list.push(node)
    else {
      const fresh = [node]
      open.set(key, fresh)
      groups.push(fresh)
    }
  }
  return groups
}

/** The operation that a list of top-level calls makes; they are in the order they were made. */
export function toOperation(calls: CallNode[]): Operation {
  const first = calls[0]?.call
  const last = calls.at(-1)?.call
  if (!first || !last) throw new RangeError("an operation has at least one call")
  const { id, command, pod, containerId, ifname, netns, network, node, parentName, wallMs } = first
  const end = last.durationMs === undefined ? undefined : last.wallMs + last.durationMs
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
    ...(end === undefined ? {} : { durationMs: Math.round((end - wallMs) * 1000) / 1000 }),
    outcome: outcomeOf(calls),
    calls,
  }
}

function outcomeOf(calls: CallNode[]): Outcome {
  const states = [...walk(calls)].map(({ call }) => call.state)
  for (const state of ["running", "killed", "unknown"] as const) if (states.includes(state)) return state
  return calls.some(({ call }) => isFailed(call)) ? "failed" : "ok"
}
