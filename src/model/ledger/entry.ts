import type { Call } from "../call.ts"
import { type Attachment, type AttachmentState, type Attempt, type Holding, reasonOf, stateOf } from "./attachment.ts"

/** An attachment that is not gone yet. */
export type Entry = {
  facts: Pick<Attachment, "node" | "network" | "containerId" | "ifname" | "pod" | "netns">
  /** what plugins hold; a probe holds nothing */
  holdings: Map<string, Holding>
  /** what probes saw: all that is known of the plugins between them, unless these are recorded themselves */
  probes: Map<string, Holding>
  /** a call of a plugin was recorded, not only those of probes */
  hasPlugins: boolean
  /** address to the plugin that assigned it: the innermost one, whose DEL frees it */
  ips: Map<string, string>
  freed: Set<string>
  add?: Attempt
  dels: Attempt[]
  delCount: number
  /** key of the entry of the plugin that called this one for another network or interface (Multus) */
  above?: string
  /** the network whose DEL the container got instead: the list was renamed */
  renamedTo?: string
}

export function newEntry(call: Call, network: string | undefined): Entry {
  return {
    facts: factsOf(call, network),
    holdings: new Map(),
    probes: new Map(),
    hasPlugins: false,
    ips: new Map(),
    freed: new Set(),
    dels: [],
    delCount: 0,
  }
}

/** Without spreads, which take longer than everything else for a hundred thousand attachments. */
function factsOf({ node, containerId = "", ifname, pod, netns }: Call, network: string | undefined): Entry["facts"] {
  const named = network ? { network, containerId } : { containerId }
  const facts: Entry["facts"] = node ? { node, ...named } : named
  if (ifname) facts.ifname = ifname
  if (pod) facts.pod = pod
  if (netns) facts.netns = netns
  return facts
}

/** What still shows that something is held: plugins or, if none was recorded, the probes around them. */
export function openHoldings({ hasPlugins, holdings, probes }: Entry): ReadonlyMap<string, Holding> {
  return hasPlugins ? holdings : probes
}

/** `above`: the state of the attachment of the calling plugin; undefined if there is none. */
export function toAttachment(entry: Entry, above?: { entry: Entry | undefined }): Attachment {
  const { facts, holdings, ips, freed, add, dels, delCount } = entry
  const open = [...openHoldings(entry).values()]
  const own = stateOf(open, add, delCount)
  const below = own === "up" || own === "failed" ? above && stateBelow(above.entry, [...holdings.keys()]) : undefined
  const isOwnFailure = own === "failed" && below?.state === own && open.some(({ addOutcome }) => addOutcome !== "ok")
  const { state, reason } = below && !isOwnFailure ? below : { state: own, reason: ownReason(entry, own, open) }
  const [ipam] = new Set(ips.values())
  return {
    ...facts,
    state,
    ips: [...ips.keys()].filter((ip) => state === "gone" || !freed.has(ip)),
    ...(ipam && entry.hasPlugins ? { ipam } : {}),
    ...(add ? { add } : {}),
    dels,
    delCount,
    holdings: [...holdings.values()],
    reason,
  }
}

function ownReason({ hasPlugins, add, delCount, renamedTo }: Entry, state: AttachmentState, open: Holding[]): string {
  if (state === "stuck" && renamedTo !== undefined)
    return `DEL went to the network ${renamedTo}: the list was renamed, so nothing of this network was released`
  if (state === "stuck" && !hasPlugins) return "DEL did not get through the list: a plugin failed or was not found"
  return reasonOf(state, open, add, delCount)
}

/** A delegate is added and deleted by the plugin above it: what is stuck there is stuck here. */
function stateBelow(
  above: Entry | undefined,
  plugins: readonly string[],
): { state: AttachmentState; reason: string } | undefined {
  const names = plugins.join(", ")
  if (!above) return { state: "stuck", reason: `the plugin above completed DEL without calling ${names}` }
  const open = [...openHoldings(above).values()]
  const state = stateOf(open, above.add, above.delCount)
  if (state !== "stuck" && state !== "failed") return undefined
  const reason = ownReason(above, state, open)
  return { state, reason: state === "stuck" ? `${reason}; never called ${names}` : reason }
}
