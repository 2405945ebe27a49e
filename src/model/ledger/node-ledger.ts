import type { Attachment, AttachmentState, Ledger } from "./ledger.ts"

/** `living`: a network namespace. `stale`: the file is there, the namespace is not. `gone`: no file. */
export type NetnsState = "living" | "stale" | "gone"

/** An address in host-local's store, and the file that says so. */
export type Reservation = { network: string; ip: string; containerId: string; ifname?: string; path: string }

/** A file of libcni's result cache. `broken`: why it cannot be read; nothing else is known then. */
export type CachedResult = {
  path: string
  network?: string
  containerId?: string
  ifname?: string
  netns?: string
  ips: string[]
  broken?: string
}

/** What a node itself says of its attachments. */
export type NodeState = {
  /** as records name it */
  node: string
  reservations: Reservation[]
  cached: CachedResult[]
  /** undefined where the node cannot tell */
  netns(path: string): NetnsState | undefined
}

/**
 * `leaked`: something is held for a network namespace that is no more. `orphan`: an address is reserved for a container
 * that neither calls nor cache know. `broken`: a cache file that makes the next DEL fail.
 */
export type LedgerRow = Omit<Attachment, "state"> & {
  state: AttachmentState | "leaked" | "orphan" | "broken"
  netnsState?: NetnsState
  /** files of the address store and of the cache that name it */
  files: string[]
}

/** The ledger's attachments without a node to ask. */
export function ledgerRows(attachments: readonly Attachment[]): LedgerRow[] {
  return attachments.map((attachment) => ({ ...attachment, files: [] }))
}

/** What of a ledger is compared. */
type Books = Pick<Ledger, "attachments" | "isGone">

/** Compares the ledger with what the node says; attachments of other nodes are left as they are. */
export function reconcile(ledger: Books, state: NodeState): LedgerRow[] {
  const reservations = new Map(state.reservations.map((reservation) => [reservation.path, reservation]))
  const cached = new Map(state.cached.map((entry) => [entry.path, entry]))
  const byContainer = new Map<string, (Reservation | CachedResult)[]>()
  for (const file of [...state.reservations, ...state.cached]) {
    if (file.containerId === undefined) continue
    const files = byContainer.get(file.containerId)
    if (files) files.push(file)
    else byContainer.set(file.containerId, [file])
  }
  const rows = ledger.attachments().map((attachment): LedgerRow => {
    if (attachment.node !== undefined && attachment.node !== state.node) return { ...attachment, files: [] }
    const files = (byContainer.get(attachment.containerId) ?? []).filter((file) => isOf(file, attachment))
    for (const { path } of files) {
      reservations.delete(path)
      cached.delete(path)
    }
    return judged(attachment, files, state)
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

function isOf(file: Reservation | CachedResult, { network, ifname }: Attachment): boolean {
  return (
    (file.network === undefined || network === undefined || file.network === network) &&
    (file.ifname === undefined || ifname === undefined || file.ifname === ifname)
  )
}

function judged(attachment: Attachment, files: (Reservation | CachedResult)[], state: NodeState): LedgerRow {
  const netnsState = attachment.netns === undefined ? undefined : state.netns(attachment.netns)
  const row = { ...attachment, files: files.map(({ path }) => path), ...(netnsState ? { netnsState } : {}) }
  if (attachment.state === "gone") {
    const held = files.filter((file) => "ip" in file)
    if (held.length === 0) return row
    return { ...row, state: "leaked", reason: `${attachment.reason}, and the address is still reserved` }
  }
  if (netnsState === undefined || netnsState === "living") return row
  if (attachment.state === "starting" || attachment.state === "stopping") return row
  return { ...row, state: "leaked", reason: `${attachment.reason}; its network namespace is ${netnsState}` }
}

function reservedRow(
  { network, ip, containerId, ifname, path }: Reservation,
  ledger: Books,
  isCached: boolean,
  netns: string | undefined,
  netnsState: NetnsState | undefined,
): LedgerRow {
  const [state, reason]: [LedgerRow["state"], string] = ledger.isGone(containerId, ifname)
    ? ["leaked", "every plugin deleted, and the address is still reserved"]
    : netnsState === "living"
      ? ["up", "added before this capture"]
      : netnsState
        ? ["leaked", `reserved before this capture; its network namespace is ${netnsState}`]
        : isCached
          ? ["up", "added before this capture; its network namespace cannot be seen from here"]
          : ["orphan", "reserved for a container that neither calls nor cache know"]
  return {
    ...emptyRow(containerId, state, reason, [path]),
    network,
    ips: [ip],
    ...(ifname ? { ifname } : {}),
    ...(netns ? { netns } : {}),
    ...(netnsState ? { netnsState } : {}),
  }
}

/** A cache entry alone matters only where DEL will stumble over it or nobody will come for it. */
function cachedRow(entry: CachedResult, ledger: Books, state: NodeState): LedgerRow[] {
  const { path, network, containerId = "", ifname, netns, ips, broken } = entry
  if (broken) return [emptyRow(containerId, "broken", `${broken}; libcni before 1.2 fails DEL on it`, [path])]
  const netnsState = netns === undefined ? undefined : state.netns(netns)
  if (netnsState === undefined || netnsState === "living") return []
  const what = ledger.isGone(containerId, ifname) ? "every plugin deleted" : "cached before this capture"
  const row = emptyRow(
    containerId,
    "leaked",
    `${what}; the result is still cached, the network namespace is ${netnsState}`,
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
