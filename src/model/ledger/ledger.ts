import type { Payload } from "../../capture/record.ts"
import { type Address, parseAddress } from "../../cni/address.ts"
import { isObject } from "../../cni/json.ts"
import { type Call, isFailed, jsonObject, type Pod, resultOf } from "../call.ts"
import { type CallNode, type Operation, type Outcome, walk } from "../operation.ts"
import { addressesOf } from "../result/result-fields.ts"

/**
 * `up`: added, no DEL since. `starting`, `stopping`: in flight. `failed`: ADD did not succeed, and no DEL came since.
 * `stuck`: DEL came, and a plugin that was asked to add was not reached by it or failed. `gone`: every plugin that was
 * asked to add has deleted.
 */
export type AttachmentState = "up" | "starting" | "stopping" | "failed" | "stuck" | "gone"

/** A plugin that was asked to add. `del`: its last DEL since, absent where none reached it. */
export type Holding = { plugin: string; call?: string; add: CallEnd; del?: { call: string; end: CallEnd } }

export type CallEnd = "ok" | "failed" | "killed" | "running" | "unknown"

/** One try of a command for an attachment: id and outcome of the operation, milliseconds since 1970. */
export type Attempt = { operation: string; wallMs: number; outcome: Outcome }

/** What is known of one (network, container ID, ifname). */
export type Attachment = {
  node?: string
  network?: string
  containerId: string
  ifname?: string
  pod?: Pod
  netns?: string
  state: AttachmentState
  /** addresses that it holds; once it is gone, those that it held */
  ips: string[]
  add?: Attempt
  /** since the last ADD: the first ones, and how many there were */
  dels: Attempt[]
  delCount: number
  /** plugins that may still hold something, in the order they were asked */
  holdings: Holding[]
  /** why it is in this state, in words */
  reason: string
}

const DELS_KEPT = 10

/** What the ledger remembers of an attachment that is not gone. */
type Entry = {
  facts: Pick<Attachment, "node" | "network" | "containerId" | "ifname" | "pod" | "netns">
  holdings: Map<string, Holding>
  /** by the plugin that gave it: the innermost, whose DEL frees it */
  ips: Map<string, string>
  freed: Set<string>
  add?: Attempt
  dels: Attempt[]
  delCount: number
}

/** What a call was given and gave back, where calls come without: asked only of those of which it tells something. */
export type CallStreams = { stdin(call: Call): Payload | undefined; stdout(call: Call): Payload | undefined }

const OWN: CallStreams = { stdin: (call) => call.stdin, stdout: (call) => call.stdout }

/** An operation while it is booked. `given`: by each ADD the addresses in its result. */
type Booking = { streams: CallStreams; given: Map<Call, string[]>; touched: Map<string, Entry> }

/**
 * Books every ADD and DEL. Operations must come in the order they began. What is gone is forgotten unless `keeps`
 * wants it, so that memory holds what is not gone and one text for each container that is.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>()
  readonly #kept: Attachment[] = []
  readonly #gone = new Set<string>()
  #goneBefore: (containerId: string) => readonly string[] | undefined = () => undefined
  readonly #dataDirs = new Set<string>()
  readonly #keeps: (ips: readonly string[]) => boolean

  constructor(keeps: (ips: readonly string[]) => boolean = () => false) {
    this.#keeps = keeps
  }

  add(operation: Operation, streams = OWN): void {
    const touched = new Map<string, Entry>()
    const given = new Map<Call, string[]>()
    for (const { call } of walk(operation.calls))
      if (call.command === "ADD") given.set(call, ipsOf(resultIn(streams, call)))
    this.#visit(operation.calls, operation.network, { streams, given, touched })
    const { id, wallMs, outcome } = operation
    for (const [key, entry] of touched) {
      const attempt: Attempt = { operation: id, wallMs, outcome }
      if (operation.command === "ADD") {
        entry.add = attempt
        entry.dels = []
        entry.delCount = 0
      } else if (operation.command === "DEL") {
        entry.delCount++
        if (entry.dels.length < DELS_KEPT) entry.dels.push(attempt)
      }
      if (entry.holdings.size === 0) this.#forget(key, entry)
    }
  }

  /** Interfaces of a container that a reader knows to be gone and whose operations it leaves out. */
  addGone(gone: (containerId: string) => readonly string[] | undefined): void {
    this.#goneBefore = gone
  }

  addDataDirs(dataDirs: readonly string[]): void {
    for (const dataDir of dataDirs) this.#dataDirs.add(dataDir)
  }

  /** Those that are not gone, and the gone ones that were kept; the oldest first. */
  attachments(): Attachment[] {
    const open = [...this.#entries.values()].map(toAttachment)
    return [...this.#kept, ...open].sort((a, b) => startOf(a) - startOf(b))
  }

  /** Whether everything that was added under that name in the container was deleted. */
  isGone(containerId: string, ifname: string | undefined): boolean {
    return (
      this.#gone.has(goneKey(containerId, ifname)) || this.#goneBefore(containerId)?.includes(ifname ?? "") === true
    )
  }

  /** Of those whose operations were booked. */
  get goneCount(): number {
    return this.#gone.size
  }

  /** Where host-local keeps its store, as configurations say it; empty where none does. */
  get dataDirs(): string[] {
    return [...this.#dataDirs]
  }

  #visit(nodes: CallNode[], network: string | undefined, booking: Booking): void {
    for (const { call, children } of nodes) {
      // A delegate may be of another network than its caller (Multus).
      const own = call.network ?? network
      if (call.containerId !== undefined) this.#book(call, own, children, booking)
      this.#visit(children, own, booking)
    }
  }

  #book(call: Call, network: string | undefined, children: CallNode[], { streams, given, touched }: Booking): void {
    if (call.command !== "ADD" && call.command !== "DEL") return
    const key = [call.node, network, call.containerId, call.ifname].join("\n")
    const known = this.#entries.get(key)
    if (call.command === "ADD") {
      const entry = known ?? newEntry(call, network)
      this.#gone.delete(goneKey(call.containerId ?? "", call.ifname))
      this.#entries.set(key, entry)
      touched.set(key, entry)
      entry.holdings.set(call.plugin, { plugin: call.plugin, call: call.id, add: endOf(call) })
      for (const ip of given.get(call) ?? []) {
        // IPAM gave it, the plugin passed it on, and so do later ones of the list: only IPAM's DEL frees it.
        if (isGivenBelow(ip, children, given) || (entry.ips.has(ip) && !entry.freed.has(ip))) continue
        // Of what lies between two probes all is deleted when DEL has come to the first of them.
        const [first] = entry.holdings.keys()
        entry.ips.set(ip, call.as === "probe" && first !== undefined ? first : call.plugin)
        entry.freed.delete(ip)
      }
      this.#noteDataDir(call)
      return
    }
    const end = endOf(call)
    // Runtimes repeat DEL for what is gone already, containerd with every pod that it removes.
    if (!known && this.isGone(call.containerId ?? "", call.ifname)) return
    const entry = known ?? this.#older(call, network, end, streams)
    if (!entry) return
    if (!known) this.#entries.set(key, entry)
    touched.set(key, entry)
    if (end === "ok") {
      entry.holdings.delete(call.plugin)
      for (const [ip, plugin] of entry.ips) if (plugin === call.plugin) entry.freed.add(ip)
    } else {
      const holding = entry.holdings.get(call.plugin) ?? { plugin: call.plugin, add: "unknown" }
      entry.holdings.set(call.plugin, { ...holding, del: { call: call.id, end } })
    }
  }

  /** Added before the capture began: known from a DEL that failed, or because its address is asked for. */
  #older(call: Call, network: string | undefined, end: CallEnd, streams: CallStreams): Entry | undefined {
    const ips = ipsOf(asObject(jsonObject(streams.stdin(call))?.prevResult))
    if (end === "ok" && !this.#keeps(ips)) return undefined
    const entry = newEntry(call, network)
    for (const ip of ips) entry.ips.set(ip, call.plugin)
    return entry
  }

  #forget(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#gone.add(goneKey(entry.facts.containerId, entry.facts.ifname))
    const attachment = toAttachment(entry)
    if (this.#keeps(attachment.ips)) this.#kept.push(attachment)
  }

  #noteDataDir({ plugin, stdin }: Call): void {
    const dataDir = plugin === "host-local" ? asObject(jsonObject(stdin)?.ipam)?.dataDir : undefined
    if (typeof dataDir === "string") this.#dataDirs.add(dataDir)
  }
}

/** Whether two texts are one address, however they are written. */
export function isSameAddress(a: string, b: Address): boolean {
  const address = parseAddress(a)
  return address !== undefined && address.bits === b.bits && address.value === b.value
}

function goneKey(containerId: string, ifname: string | undefined): string {
  return `${containerId}/${ifname ?? ""}`
}

function newEntry(call: Call, network: string | undefined): Entry {
  const { node, containerId = "", ifname, pod, netns } = call
  return {
    facts: {
      ...(node ? { node } : {}),
      ...(network ? { network } : {}),
      containerId,
      ...(ifname ? { ifname } : {}),
      ...(pod ? { pod } : {}),
      ...(netns ? { netns } : {}),
    },
    holdings: new Map(),
    ips: new Map(),
    freed: new Set(),
    dels: [],
    delCount: 0,
  }
}

function toAttachment({ facts, holdings, ips, freed, add, dels, delCount }: Entry): Attachment {
  const held = [...holdings.values()]
  const state = stateOf(held, add, delCount)
  return {
    ...facts,
    state,
    ips: [...ips.keys()].filter((ip) => state === "gone" || !freed.has(ip)),
    ...(add ? { add } : {}),
    dels,
    delCount,
    holdings: held,
    reason: whyOf(state, held, add, delCount),
  }
}

function stateOf(held: Holding[], add: Attempt | undefined, delCount: number): AttachmentState {
  if (held.length === 0) return "gone"
  if (held.some(({ del }) => del?.end === "running")) return "stopping"
  if (delCount > 0) return "stuck"
  if (held.some((holding) => holding.add === "running")) return "starting"
  return add?.outcome === "ok" || held.every((holding) => holding.add === "ok") ? "up" : "failed"
}

function whyOf(state: AttachmentState, held: Holding[], add: Attempt | undefined, delCount: number): string {
  if (state === "up") return "no DEL"
  if (state === "starting") return "ADD in flight"
  if (state === "stopping") return "DEL in flight"
  if (state === "gone") return add ? "every plugin deleted" : "deleted; added before this capture"
  if (state === "failed") {
    const [culprit] = held.filter((holding) => holding.add !== "ok")
    return `ADD ${culprit?.add ?? "failed"} at ${culprit?.plugin ?? "?"}, and no DEL came`
  }
  const failed = held.filter(({ del }) => del).map(({ plugin, del }) => `${del?.end} at ${plugin}`)
  const unreached = held.filter(({ del }) => !del).map(({ plugin }) => plugin)
  const times = delCount === 1 ? "DEL" : `DEL (${delCount} times)`
  return [
    ...(failed.length > 0 ? [`${times} ${failed.join(", ")}`] : []),
    ...(unreached.length > 0 ? [`${failed.length > 0 ? "" : `${times} `}never reached ${unreached.join(", ")}`] : []),
  ].join("; ")
}

/** When it was added; without that, when it was first deleted. */
function startOf({ add, dels }: Attachment): number {
  return add?.wallMs ?? dels[0]?.wallMs ?? 0
}

function endOf(call: Call): CallEnd {
  if (call.state !== "ended") return call.state
  return isFailed(call) ? "failed" : "ok"
}

function resultIn(streams: CallStreams, call: Call): Record<string, unknown> | undefined {
  const { as, command } = call
  const own = as === "probe" ? { stdin: streams.stdin(call) } : { stdout: streams.stdout(call) }
  return resultOf({ as, command, ...own })
}

/** A probe gives nothing, it only saw it. */
function isGivenBelow(ip: string, children: CallNode[], given: Map<Call, string[]>): boolean {
  return children.some(
    ({ call, children: below }) =>
      (call.as !== "probe" && given.get(call)?.includes(ip)) || isGivenBelow(ip, below, given),
  )
}

/** Loopback is nobody's. */
function ipsOf(result: Record<string, unknown> | undefined): string[] {
  return addressesOf(result).filter((ip) => !ip.startsWith("127.") && ip !== "::1")
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return isObject(value) ? value : undefined
}
