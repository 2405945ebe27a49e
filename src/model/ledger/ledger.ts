import type { Call } from "../call.ts"
import { type CallNode, type Operation, walk } from "../operation.ts"
import { callOutcome, type Outcome } from "../outcome.ts"
import type { Attachment, Attempt, Holding } from "./attachment.ts"
import { AttachmentKeys } from "./attachment-keys.ts"
import { type Entry, newEntry, openHoldings, toAttachment } from "./entry.ts"
import { LEDGER_FACTS_IN_STREAMS, type LedgerFacts } from "./ledger-facts.ts"

/** State of one `add`. `assigned`: the addresses in the result of each ADD. `touched`: the entries that it changed. */
type Posting = { facts: LedgerFacts; assigned: Map<Call, readonly string[]>; touched: Map<string, Entry> }

const MAX_LISTED_DELS = 10

/**
 * Tracks what every ADD created and every DEL removed. Operations must be added in the order they began. An attachment
 * that is gone is forgotten unless `keeps` accepts its addresses, so memory holds the attachments that are not gone and
 * one string per container that is.
 */
export class Ledger {
  readonly #attachmentKeys = new AttachmentKeys()
  readonly #entries = new Map<string, Entry>()
  /** by `containerKey`: the keys of its entries */
  readonly #keysOf = new Map<string, Set<string>>()
  readonly #keptGone: Attachment[] = []
  readonly #gone = new Set<string>()
  #knownGone: (containerId: string) => readonly string[] | undefined = () => undefined
  readonly #dataDirs = new Set<string>()
  readonly #keeps: ((ips: readonly string[]) => boolean) | undefined

  constructor(keeps?: (ips: readonly string[]) => boolean) {
    this.#keeps = keeps
  }

  add(operation: Operation, facts: LedgerFacts = LEDGER_FACTS_IN_STREAMS): void {
    const touched = new Map<string, Entry>()
    const assigned = new Map<Call, readonly string[]>()
    for (const { call } of walk(operation.calls)) if (call.command === "ADD") assigned.set(call, facts.ips(call))
    this.#visit(operation.calls, operation.network, { facts, assigned, touched })
    const { id, wallMs, outcome } = operation
    const isThroughProbes = operation.command === "DEL" && reachedFirstProbe(operation)
    for (const [key, entry] of touched) {
      const attempt: Attempt = { operation: id, wallMs, outcome }
      if (operation.command === "ADD") {
        entry.add = attempt
        entry.dels = []
        entry.delCount = 0
      } else if (operation.command === "DEL") {
        entry.delCount++
        if (entry.dels.length < MAX_LISTED_DELS) entry.dels.push(attempt)
        if (isThroughProbes && entry.renamedTo === undefined) release(entry)
      }
      if (openHoldings(entry).size === 0) this.#forget(key, entry)
    }
  }

  /** `gone`: ifnames of a container that the reader knows to be gone, whose operations it does not add. */
  addGone(gone: (containerId: string) => readonly string[] | undefined): void {
    this.#knownGone = gone
  }

  /** The attachments that are not gone, and the gone ones that were kept; oldest first. */
  attachments(): Attachment[] {
    const open = [...this.#entries.values()].map((entry) =>
      toAttachment(entry, entry.above === undefined ? undefined : { entry: this.#entries.get(entry.above) }),
    )
    return [...this.#keptGone, ...open].sort((a, b) => startOf(a) - startOf(b))
  }

  /** Whether everything that was added for that interface of the container was deleted. */
  isGone(containerId: string, ifname: string | undefined): boolean {
    return this.#gone.has(goneKey(containerId, ifname)) || this.#knownGone(containerId)?.includes(ifname ?? "") === true
  }

  /** Forgets that what this DEL deleted is gone. */
  forgetGone({ command, calls }: Operation): void {
    if (command !== "DEL") return
    for (const { call } of walk(calls)) this.#gone.delete(goneKey(call.containerId ?? "", call.ifname))
  }

  /** Counts attachments whose operations were added here, not those of `addGone`. */
  get goneCount(): number {
    return this.#gone.size
  }

  /** Directories of host-local's store that configurations name; empty if none does (the default is used). */
  get dataDirs(): string[] {
    return [...this.#dataDirs]
  }

  #visit(nodes: CallNode[], network: string | undefined, posting: Posting, above?: string): void {
    for (const { call, children } of nodes) {
      // A delegate may belong to another network than its caller (Multus).
      const own = call.network ?? network
      const key = this.#attachmentKeys.of(call, own)
      if (call.containerId !== undefined) {
        if (call.command === "ADD") this.#postAdd(key, call, own, children, posting, above)
        else if (call.command === "DEL") this.#postDel(key, call, own, posting, above)
      }
      this.#visit(children, own, posting, call.containerId === undefined ? above : key)
    }
  }

  #postAdd(
    key: string,
    call: Call,
    network: string | undefined,
    children: CallNode[],
    { assigned, facts, touched }: Posting,
    above: string | undefined,
  ): void {
    if (facts.refusesVersion(call)) return
    const entry = this.#entries.get(key) ?? newEntry(call, network)
    this.#gone.delete(goneKey(call.containerId ?? "", call.ifname))
    this.#open(key, entry)
    touched.set(key, entry)
    if (above !== undefined && above !== key) entry.above = above
    delete entry.renamedTo
    const isProbe = call.as === "probe"
    if (!isProbe) entry.hasPlugins = true
    const holding: Holding = { plugin: call.plugin, addCall: call.id, addOutcome: callOutcome(call) }
    ;(isProbe ? entry.probes : entry.holdings).set(call.plugin, holding)
    for (const ip of assigned.get(call) ?? []) {
      // The IPAM plugin assigned it; its caller and later plugins pass it on. Only the IPAM plugin's DEL frees it.
      if (isAssignedBelow(ip, children, assigned) || (entry.ips.has(ip) && !entry.freed.has(ip))) continue
      // What was added between two probes is deleted when DEL reaches the first probe.
      const [first] = entry.probes.keys()
      entry.ips.set(ip, isProbe && first !== undefined ? first : call.plugin)
      entry.freed.delete(ip)
    }
    const dataDir = facts.dataDir(call)
    if (dataDir !== undefined) this.#dataDirs.add(dataDir)
  }

  #postDel(
    key: string,
    call: Call,
    network: string | undefined,
    { facts, touched }: Posting,
    above: string | undefined,
  ): void {
    const known = this.#entries.get(key)
    const outcome = callOutcome(call)
    if (!known && above === undefined) this.#noteRenamed(call, network, touched)
    // Runtimes repeat DEL for attachments that are gone; containerd does so for every pod that it removes.
    if (!known && this.isGone(call.containerId ?? "", call.ifname)) return
    if (!known && facts.refusesVersion(call)) return
    const entry = known ?? this.#entryBeforeCapture(call, network, outcome, facts)
    if (!entry) return
    if (!known) this.#open(key, entry)
    touched.set(key, entry)
    const isProbe = call.as === "probe"
    if (!known && !isProbe) entry.hasPlugins = true
    const holdings = isProbe ? entry.probes : entry.holdings
    if (outcome === "ok") {
      holdings.delete(call.plugin)
      for (const [ip, plugin] of entry.ips) if (plugin === call.plugin) entry.freed.add(ip)
    } else {
      const holding = holdings.get(call.plugin) ?? { plugin: call.plugin, addOutcome: "unknown" }
      holdings.set(call.plugin, { ...holding, delCall: call.id, delOutcome: outcome })
    }
  }

  /**
   * The runtime deletes with the list that it has now, not with the one that it added with: if that was renamed, the
   * plugins get another network's name and find nothing to release.
   */
  #noteRenamed(call: Call, network: string | undefined, touched: Map<string, Entry>): void {
    for (const key of this.#keysOf.get(containerKey(call)) ?? []) {
      const entry = this.#entries.get(key)
      if (!entry || network === undefined || entry.above !== undefined) continue
      if (entry.delCount > 0 && entry.renamedTo === undefined) continue
      entry.renamedTo = network
      touched.set(key, entry)
    }
  }

  #open(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) return
    this.#entries.set(key, entry)
    const container = containerKey(entry.facts)
    const keys = this.#keysOf.get(container) ?? new Set()
    this.#keysOf.set(container, keys.add(key))
  }

  /** Added before the capture began: of interest if its DEL failed or if its address is wanted. */
  #entryBeforeCapture(
    call: Call,
    network: string | undefined,
    outcome: Outcome,
    facts: LedgerFacts,
  ): Entry | undefined {
    // Its streams are read only if that matters.
    if (outcome === "ok" && !this.#keeps) return undefined
    const ips = facts.ipsBefore(call)
    if (outcome === "ok" && !this.#keeps?.(ips)) return undefined
    const entry = newEntry(call, network)
    for (const ip of ips) entry.ips.set(ip, call.plugin)
    return entry
  }

  #forget(key: string, entry: Entry): void {
    this.#entries.delete(key)
    const container = containerKey(entry.facts)
    const keys = this.#keysOf.get(container)
    if (keys?.delete(key) && keys.size === 0) this.#keysOf.delete(container)
    this.#gone.add(goneKey(entry.facts.containerId, entry.facts.ifname))
    if (!this.#keeps) return
    const attachment = toAttachment(entry)
    if (this.#keeps(attachment.ips)) this.#keptGone.push(attachment)
  }
}

/** Whether a DEL that only probes recorded reached the first entry of the list: every plugin between them completed it. */
function reachedFirstProbe({ calls }: Operation): boolean {
  return calls.every(({ call }) => call.as === "probe") && calls.at(-1)?.call.plugin.startsWith("cni_pre") === true
}

function release({ holdings, ips, freed }: Entry): void {
  holdings.clear()
  for (const ip of ips.keys()) freed.add(ip)
}

function containerKey({ node, containerId, ifname }: Pick<Call, "node" | "containerId" | "ifname">): string {
  return [node, containerId, ifname].join("\n")
}

function goneKey(containerId: string, ifname: string | undefined): string {
  return `${containerId}/${ifname ?? ""}`
}

/** When it was added; if that was not recorded, when it was first deleted. */
function startOf({ add, dels }: Attachment): number {
  return add?.wallMs ?? dels[0]?.wallMs ?? 0
}

/** Probes are skipped: they assign nothing, they only see results. */
function isAssignedBelow(ip: string, children: CallNode[], assigned: Map<Call, readonly string[]>): boolean {
  return children.some(
    ({ call, children: below }) =>
      (call.as !== "probe" && assigned.get(call)?.includes(ip)) || isAssignedBelow(ip, below, assigned),
  )
}
