import { podKey } from "./call.ts"
import type { Operation } from "./operation.ts"
import { calledAll, incompleteList } from "./outcome.ts"

/** An operation without a failed call, and the plugins it called. Times are milliseconds since 1970. */
export type CalledList = {
  /** node, network and interface: operations with the same key are carried out over the same list */
  key: string
  command: string
  /** in the order of the list, also for a DEL */
  plugins: readonly string[]
  wallMs: number
  endMs: number
  containerId: string
  /** name of the pod; of the container if there is none */
  pod: string
}

/** A list as the node has it now, as far as calls of its plugins leave records. */
export type KnownList = { plugins: readonly string[]; changedMs: number }

/** The list that a network of a node has now; undefined if it is not known. */
export type CurrentLists = (node: string, network: string) => KnownList | undefined

/** The list of the operations with this key (`CalledList`). */
export function knownList(key: string, currentLists: CurrentLists | undefined): KnownList | undefined {
  const [node = "", network = ""] = key.split("\n")
  return currentLists?.(node, network)
}

/** What is not known: which plugin was not found. */
export const UNKNOWN_PLUGIN = ""

/**
 * Finds the operations without a failed call for which the runtime did not call the whole list: libcni stops at a plugin
 * that it does not find, which leaves no call. ADD calls the list from its start, DEL from its end. The result maps each
 * such operation to the plugin that would have been next. `operations`: in the order they started.
 *
 * The whole list is known from other operations of the network. A short operation can also mean that the list was edited,
 * that recording of a plugin ended, or that recording started or stopped during the operation. In these cases nothing
 * is retried, whereas the kubelet retries an ADD or DEL that failed.
 */
export function findIncomplete<Called extends CalledList>(
  operations: Iterable<Called>,
  listOf: (key: string) => KnownList | undefined = () => undefined,
): Map<Called, string> {
  const judges = new Map<string, ListJudge<Called>>()
  for (const operation of operations) {
    const judge = judges.get(operation.key) ?? new ListJudge<Called>(listOf(operation.key))
    judges.set(operation.key, judge)
    judge.add(operation)
  }
  return new Map([...judges.values()].flatMap((judge) => [...judge.finish()]))
}

/** The operations, in the order they started, with the verdict on those that are incomplete. */
export function judgeLists<Judged extends Operation>(
  operations: readonly Judged[],
  currentLists?: CurrentLists,
): Judged[] {
  const called = operations.flatMap((operation) => {
    const list = calledList(operation)
    return list ? [{ ...list, operation }] : []
  })
  const incomplete = findIncomplete(called, (key) => knownList(key, currentLists))
  const found = new Map(Array.from(incomplete, ([{ operation }, plugin]) => [operation, plugin]))
  if (found.size === 0) return [...operations]
  return operations.map((operation) => {
    const plugin = found.get(operation)
    return plugin === undefined ? operation : { ...operation, ...incompleteList(plugin) }
  })
}

/** Undefined if a call failed, or if its command is not carried out over a list. */
export function calledList(operation: Operation): CalledList | undefined {
  const { command, node = "", network = "", ifname = "", containerId = "", pod, wallMs, calls } = operation
  const last = calls.at(-1)?.call
  if (!COMMANDS_OVER_A_LIST.includes(command) || !calledAll(operation)) return undefined
  const plugins = calls.map(({ call }) => call.plugin)
  return {
    key: [node, network, ifname].join("\n"),
    command,
    plugins: command === "DEL" ? plugins.reverse() : plugins,
    wallMs,
    endMs: last ? last.wallMs + (last.durationMs ?? 0) : wallMs,
    containerId,
    pod: pod ? podKey(pod) : containerId,
  }
}

/** Commands for which the runtime calls every plugin of the list, in order. */
export const COMMANDS_OVER_A_LIST: readonly string[] = ["ADD", "CHECK", "DEL"]

/** libcni calls the plugins of a list without a pause, and containerd deletes a failed sandbox at once. */
const TEARDOWN_MS = 10_000
/** If this many pods were added in the same way, none of them twice, the list was edited. */
const PODS_OF_AN_EDITED_LIST = 3

/** The operations of one network. */
class ListJudge<Called extends CalledList> {
  readonly #known: KnownList | undefined
  readonly #incomplete = new Map<Called, string>()
  readonly #adds = new Map<string, Called>()
  #list: readonly string[] | undefined
  /** short operations since the list was last called as a whole, with what would have been next */
  #short: [Called, string][] = []
  /** how the ADDs among them called */
  readonly #shortAdds = new Set<string>()
  /** operations in a row that lack other plugins than the last ones */
  #others = 0

  constructor(known: KnownList | undefined) {
    this.#known = known
  }

  add(operation: Called): void {
    const { command, containerId } = operation
    if (command === "DEL") this.#compareWithAdd(operation)
    else this.#adds.set(containerId, operation)
    if (this.#known && this.#known.changedMs <= operation.wallMs) this.#list = this.#known.plugins
    const next = nextPlugin(operation, this.#list ?? [])
    if (next === undefined) this.#addOther(operation)
    else if (this.#list === this.#known?.plugins) this.#incomplete.set(operation, next)
    else {
      this.#short.push([operation, next])
      if (command !== "DEL") this.#shortAdds.add(operation.plugins.join())
    }
  }

  finish(): Map<Called, string> {
    this.#judgeShort()
    return this.#incomplete
  }

  /** A DEL right after the ADD is carried out over the same list. */
  #compareWithAdd(del: Called): void {
    const add = this.#adds.get(del.containerId)
    this.#adds.delete(del.containerId)
    if (!add || del.wallMs - add.endMs > TEARDOWN_MS) return
    const next = nextPlugin(add, del.plugins)
    if (next !== undefined) this.#incomplete.set(add, next)
    if (add.plugins.some((plugin) => del.plugins.includes(plugin))) return
    this.#incomplete.set(add, UNKNOWN_PLUGIN)
    this.#incomplete.set(del, UNKNOWN_PLUGIN)
  }

  #addOther(operation: Called): void {
    const { command, plugins } = operation
    const list = this.#list
    if (command === "DEL") {
      if (this.#shortAdds.has(plugins.join())) this.#edit(plugins)
      return
    }
    if (list === undefined || isEqual(plugins, list)) {
      this.#judgeShort(operation)
      this.#list = list ?? plugins
      this.#others = 0
    } else if (!isSubsequence(plugins, list) || ++this.#others === PODS_OF_AN_EDITED_LIST) {
      this.#judgeShort()
      this.#edit(plugins)
    }
  }

  #edit(plugins: readonly string[]): void {
    this.#list = plugins
    this.#forgetShort()
    this.#others = 0
  }

  /** `next`: an operation over the whole list, which may be the next attempt too. */
  #judgeShort(next?: Called): void {
    const attempts = [...this.#short.map(([operation]) => attemptKey(operation)), ...(next ? [attemptKey(next)] : [])]
    const isRetried = new Set(attempts).size < attempts.length
    if (isRetried) for (const [operation, plugin] of this.#short) this.#incomplete.set(operation, plugin)
    this.#forgetShort()
  }

  #forgetShort(): void {
    this.#short = []
    this.#shortAdds.clear()
  }
}

/** Operations with the same key are attempts of the same: the kubelet adds a pod again in a new sandbox. */
function attemptKey({ command, pod, containerId }: CalledList): string {
  return command === "DEL" ? `DEL ${containerId}` : `${command} ${pod}`
}

/** The plugin at which the operation stopped, if it called the beginning of the list (DEL: the end) and no more. */
function nextPlugin({ command, plugins }: CalledList, list: readonly string[]): string | undefined {
  const missing = list.length - plugins.length
  if (missing <= 0) return undefined
  const isDel = command === "DEL"
  if (!plugins.every((plugin, at) => plugin === list[isDel ? at + missing : at])) return undefined
  return list[isDel ? missing - 1 : plugins.length]
}

function isEqual(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((plugin, at) => plugin === b[at])
}

/** Whether `plugins` is `whole` without some of its plugins: an operation that stopped early, not another list. */
export function isSubsequence(plugins: readonly string[], whole: readonly string[]): boolean {
  let at = 0
  for (const plugin of whole) if (plugin === plugins[at]) at++
  return at === plugins.length
}
