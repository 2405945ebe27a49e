import type { Attachment, AttachmentState } from "./attachment.ts"
import type { Ledger } from "./ledger.ts"
import { type Period, periodText } from "./unrecorded.ts"

/** `active`: a network namespace. `stale`: the file exists but is no longer a namespace. `gone`: no file. */
export type NetnsState = "active" | "stale" | "gone"

/** An address in host-local's store, and the file that reserves it. */
export type Reservation = { network: string; ip: string; containerId: string; ifname?: string; path: string }

/** A file of libcni's result cache. `broken`: why it cannot be read; the other members are absent then. */
export type CachedResult = {
  path: string
  network?: string
  containerId?: string
  ifname?: string
  netns?: string
  ips: string[]
  broken?: string
}

/** What the files and namespaces of a node say about its attachments. */
export type NodeState = {
  /** the node's name as in the records */
  node: string
  reservations: Reservation[]
  /** networks that host-local has a directory for, in the stores that were read */
  storeNetworks: ReadonlySet<string>
  cached: CachedResult[]
  /** when calls may have been made that were not recorded; oldest first */
  unrecorded: readonly Period[]
  /** undefined if it cannot be determined, such as from inside a container */
  netns(path: string): NetnsState | undefined
}

/**
 * `leaked`: something is held for a network namespace that no longer exists. `unknown`: the namespace no longer exists, and
 * the DEL may have been called while nothing was recorded. `orphan`: an address is reserved for a container of which there
 * is neither a call nor a cached result. `broken`: a cache file that makes the next DEL fail.
 */
export type LedgerRow = Omit<Attachment, "state"> & {
  state: AttachmentState | "leaked" | "unknown" | "orphan" | "broken"
  netnsState?: NetnsState
  /** files of the address store and of the result cache that belong to it */
  files: string[]
  /** what is wrong with an attachment that is in use, one sentence without a period */
  warning?: string
  /** the shell command that releases what was left behind, if one is known */
  release?: string
}

/** The ledger's attachments if there is no node state to compare with. */
export function ledgerRows(attachments: readonly Attachment[]): LedgerRow[] {
  return attachments.map((attachment) => ({ ...attachment, files: [] }))
}

export type LedgerView = Pick<Ledger, "attachments" | "isGone">

/** Compares the ledger with the state of a node; attachments of other nodes are returned unchanged. */
export function reconcile(ledger: LedgerView, state: NodeState): LedgerRow[] {
  const reservations = new Map(state.reservations.map((reservation) => [reservation.path, reservation]))
  const cached = new Map(state.cached.map((entry) => [entry.path, entry]))
  const filesOf = new Map<string, (Reservation | CachedResult)[]>()
  for (const file of [...state.reservations, ...state.cached]) {
    if (file.containerId === undefined) continue
    const files = filesOf.get(file.containerId)
    if (files) files.push(file)
    else filesOf.set(file.containerId, [file])
  }
  const rows = ledger.attachments().map((attachment): LedgerRow => {
    if (attachment.node !== undefined && attachment.node !== state.node) return { ...attachment, files: [] }
    const files = (filesOf.get(attachment.containerId) ?? []).filter((file) => belongsTo(file, attachment))
    for (const { path } of files) {
      reservations.delete(path)
      cached.delete(path)
    }
    return compared(attachment, files, state)
  })
  const netnsOf = new Map(state.cached.map(({ containerId, netns }) => [containerId, netns]))
  const unclaimed = [...reservations.values()].map((reservation) => {
    const netns = netnsOf.get(reservation.containerId)
    for (const { path, containerId, ifname, network } of cached.values()) {
      if (containerId === reservation.containerId && ifname === reservation.ifname && network === reservation.network)
        cached.delete(path)
    }
    const isCached = netnsOf.has(reservation.containerId)
    return reservedRow(reservation, ledger, isCached, netns, netns === undefined ? undefined : state.netns(netns))
  })
  return [...rows, ...unclaimed, ...[...cached.values()].flatMap((entry) => cachedRow(entry, ledger, state))]
}

function belongsTo(file: Reservation | CachedResult, { network, ifname }: Attachment): boolean {
  return (
    (file.network === undefined || network === undefined || file.network === network) &&
    (file.ifname === undefined || ifname === undefined || file.ifname === ifname)
  )
}

function compared(attachment: Attachment, files: (Reservation | CachedResult)[], state: NodeState): LedgerRow {
  const netnsState = attachment.netns === undefined ? undefined : state.netns(attachment.netns)
  const row = { ...attachment, files: files.map(({ path }) => path), ...(netnsState ? { netnsState } : {}) }
  const isReserved = files.some((file) => "ip" in file)
  if (attachment.state === "gone")
    return isReserved
      ? { ...row, state: "leaked", reason: `${attachment.reason}, but the address is still reserved` }
      : row
  if (attachment.state === "starting" || attachment.state === "stopping") return row
  const isFree = !isReserved && isInStore(attachment, state)
  if (netnsState === "active") {
    const [ip] = attachment.ips
    return isFree && ip && attachment.state === "up"
      ? { ...row, warning: `host-local no longer reserves ${ip} and may assign it to another pod` }
      : row
  }
  const origin = unreleasedReason(attachment)
  if (isFree) return { ...row, state: "gone", reason: `${origin}, but host-local no longer reserves its address` }
  if (netnsState === undefined) return row
  const gap = isReserved ? undefined : state.unrecorded.findLast(({ toMs }) => toMs > lastCallMs(attachment))
  return gap
    ? { ...row, state: "unknown", reason: `${origin}; nothing was recorded ${periodText(gap)}` }
    : { ...row, state: "leaked", reason: `${origin}; its network namespace is ${netnsState}` }
}

/** Why something that may no longer be in use was not released. */
export function unreleasedReason({ state, reason }: Pick<LedgerRow, "state" | "reason">): string {
  return state === "up" ? "no DEL recorded" : reason
}

/** Whether host-local's store shows if the attachment holds an address. Without the network's directory, it was not read. */
function isInStore({ ipam, network }: Attachment, { storeNetworks }: NodeState): boolean {
  return network !== undefined && storeNetworks.has(network) && (ipam === undefined || ipam === HOST_LOCAL)
}

const HOST_LOCAL = "host-local"

function lastCallMs({ add, dels }: Attachment): number {
  return Math.max(add?.wallMs ?? 0, ...dels.map(({ wallMs }) => wallMs))
}

function reservedRow(
  { network, ip, containerId, ifname, path }: Reservation,
  ledger: LedgerView,
  isCached: boolean,
  netns: string | undefined,
  netnsState: NetnsState | undefined,
): LedgerRow {
  const [state, reason]: [LedgerRow["state"], string] = ledger.isGone(containerId, ifname)
    ? ["leaked", "every plugin completed DEL, but the address is still reserved"]
    : netnsState === "active"
      ? ["up", "added before this capture"]
      : netnsState
        ? ["leaked", `reserved before this capture; its network namespace is ${netnsState}`]
        : isCached
          ? ["up", "added before this capture; its network namespace cannot be checked from here"]
          : ["orphan", "reserved for a container without a recorded call or a cached result"]
  return {
    ...emptyRow(containerId, state, reason, [path]),
    network,
    ips: [ip],
    ...(ifname ? { ifname } : {}),
    ...(netns ? { netns } : {}),
    ...(netnsState ? { netnsState } : {}),
  }
}

/** A cached result alone is reported only if DEL will fail on it or if it belongs to a namespace that no longer exists. */
function cachedRow(entry: CachedResult, ledger: LedgerView, state: NodeState): LedgerRow[] {
  const { path, network, containerId = "", ifname, netns, ips, broken } = entry
  if (broken) return [emptyRow(containerId, "broken", `${broken}; DEL fails on it with libcni before 1.2`, [path])]
  const netnsState = netns === undefined ? undefined : state.netns(netns)
  if (netnsState === undefined || netnsState === "active") return []
  // Every reservation has claimed its cached result: the address of this one is free.
  if (network !== undefined && state.storeNetworks.has(network)) return []
  const origin = ledger.isGone(containerId, ifname) ? "every plugin completed DEL" : "cached before this capture"
  const row = emptyRow(
    containerId,
    "leaked",
    `${origin}; the result is still cached but its network namespace is ${netnsState}`,
    [path],
  )
  return [
    {
      ...row,
      ips,
      netnsState,
      ...(network ? { network } : {}),
      ...(ifname ? { ifname } : {}),
      ...(netns ? { netns } : {}),
    },
  ]
}

function emptyRow(containerId: string, state: LedgerRow["state"], reason: string, files: string[]): LedgerRow {
  return { containerId, state, reason, files, ips: [], dels: [], delCount: 0, holdings: [] }
}
