import { podKey } from "./call.ts"
import type { Operation } from "./operation.ts"

/** `up`: ADD succeeded, no DEL since. `gone`: its last DEL succeeded. `failed`: neither. `starting`: in flight. */
export type SandboxState = "up" | "gone" | "failed" | "starting"

/** One network namespace of a pod. If its setup fails, the kubelet creates another sandbox. */
export type Sandbox<Op extends Operation = Operation> = {
  containerId: string
  state: SandboxState
  /** in time order */
  operations: Op[]
  /** end of its first successful ADD and of its last successful DEL, milliseconds since 1970 */
  upMs?: number
  downMs?: number
}

/** All operations of a pod over all its sandboxes. A pod that was recreated under the same name is the same pod here. */
export type PodHistory<Op extends Operation = Operation> = {
  /** `namespace/name`, or the name alone if the runtime has no namespaces */
  key: string
  namespace?: string
  name: string
  /** of the newest sandbox */
  state: SandboxState
  /** in the order they began */
  sandboxes: Sandbox<Op>[]
  firstMs: number
  lastMs: number
  failures: number
}

/** The pods of a capture, most recently changed first. */
export function toPods<Op extends Operation>(operations: Iterable<Op>): PodHistory<Op>[] {
  const byPod = groupByKey(operations, ({ pod }) => pod && podKey(pod))
  return [...byPod].map(([key, own]) => toPod(key, own)).sort((a, b) => b.lastMs - a.lastMs)
}

function toPod<Op extends Operation>(key: string, unsorted: Op[]): PodHistory<Op> {
  const operations = unsorted.toSorted((a, b) => a.wallMs - b.wallMs)
  const bySandbox = groupByKey(operations, ({ containerId }) => containerId ?? "")
  const sandboxes = [...bySandbox].map(([containerId, own]) => toSandbox(containerId, own))
  const { namespace, name = key } = operations[0]?.pod ?? {}
  return {
    key,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    state: sandboxes.at(-1)?.state ?? "failed",
    sandboxes,
    firstMs: operations[0]?.wallMs ?? 0,
    lastMs: operations.at(-1)?.wallMs ?? 0,
    failures: operations.filter(({ outcome }) => outcome === "failed" || outcome === "killed").length,
  }
}

function toSandbox<Op extends Operation>(containerId: string, operations: Op[]): Sandbox<Op> {
  const isOk = (command: string) => (operation: Op) => operation.command === command && operation.outcome === "ok"
  const up = operations.find(isOk("ADD"))
  const lastUp = operations.findLast(isOk("ADD"))
  const down = operations.findLast(isOk("DEL"))
  const isDown = down !== undefined && (lastUp === undefined || down.wallMs > lastUp.wallMs)
  const isStarting = operations.at(-1)?.outcome === "running"
  return {
    containerId,
    state: isStarting ? "starting" : isDown ? "gone" : lastUp ? "up" : "failed",
    operations,
    ...(up ? { upMs: up.wallMs + (up.durationMs ?? 0) } : {}),
    ...(isDown ? { downMs: down.wallMs + (down.durationMs ?? 0) } : {}),
  }
}

/** In the order of first occurrence; items without a key are left out. */
function groupByKey<Item>(items: Iterable<Item>, keyOf: (item: Item) => string | undefined): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    if (key === undefined) continue
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
