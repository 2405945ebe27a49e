import { parseAddress } from "../../cni/address.ts"
import type { Call } from "../call.ts"
import { PluginLists } from "../explain/plugin-lists.ts"
import type { Operation } from "../operation.ts"
import { type CallFacts, objects, text } from "./call-facts.ts"
import { type Finding, type Rule, toFinding } from "./finding.ts"
import { issue, spec } from "./rule-source.ts"

/** Rules that need more than one operation: what became of an attachment, whose an address is. */
export const LIFECYCLE_RULES = {
  addTwice: {
    id: "add-twice",
    severity: "error",
    title: "a second ADD without a DEL between",
    source: spec("3, Lifecycle and ordering"),
    remedy: "Look at the runtime: it must DEL an attachment before it is added again, or addresses leak.",
  },
  delNotIdempotent: {
    id: "del-not-idempotent",
    severity: "error",
    title: "a DEL that fails when there is nothing left to delete",
    source: spec("2, DEL"),
    remedy: "Succeed when a resource is gone already: runtimes call DEL several times for one container.",
  },
  ipOfTwo: {
    id: "ip-of-two-attachments",
    severity: "error",
    title: "one address given to two living attachments",
    source: spec("5, ADD success"),
    remedy: "Ask `cnitap who-owns` for the address; compare the IPAM store with what runs.",
  },
  listWithoutPlugin: {
    id: "list-without-plugin",
    severity: "warning",
    title: "calls of a plugin of the list have stopped",
    source: issue("antrea-io/antrea#4012"),
    remedy:
      "See whether an agent rewrote the list, whether the plugin's file is there (`cnitap doctor`) and recorded (`cnitap status`).",
  },
  versionUnsupported: {
    id: "version-unsupported",
    severity: "error",
    title: "a configuration of a version that the plugin said it does not support",
    source: spec("2, VERSION"),
    remedy: "Lower `cniVersion` of the list or update the plugin; delegates and IPAM plugins count too.",
  },
} as const satisfies Record<string, Rule>

/** What is known of one attachment. A capture has a hundred thousand; those that are gone share what is left to know. */
type TrackedAttachment = { addedBy: Map<string, string>; deletedBy: Set<string>; ips: string[] }

/** Follows attachments through operations, which must come in the order they began. */
export class LifecycleChecker {
  readonly #attachments = new Map<string, TrackedAttachment>()
  /** by those that deleted */
  readonly #gone = new Map<string, TrackedAttachment>()
  /** by node, network and address: the attachment that holds it, and the call that gave it */
  readonly #holders = new Map<string, { attachment: string; call: string; pod: string }>()
  readonly #supported = new Map<string, readonly string[]>()
  readonly #lists = new PluginLists()

  check(facts: CallFacts): Finding[] {
    const { call, isOk, isFailed } = facts
    const found = this.#checkVersion(facts)
    if (!call.containerId) return found
    const key = [call.node, call.network, call.containerId, call.ifname].join("\n")
    const who = `${facts.parent?.call.plugin ?? ""}/${call.plugin}`
    if (call.command === "ADD" && isOk) {
      const attachment = this.#living(key)
      const earlier = attachment.addedBy.get(who)
      // A plugin may call a delegate as often as it likes; only what the runtime does is judged.
      if (earlier !== undefined && facts.level === 0)
        found.push(finding(LIFECYCLE_RULES.addTwice, facts, `the first is call ${earlier}`, "env"))
      attachment.addedBy.set(who, call.id)
      attachment.deletedBy.delete(who)
      if (facts.level === 0) found.push(...this.#hold(key, attachment, facts))
    } else if (call.command === "DEL") {
      const attachment = this.#attachments.get(key)
      if (isFailed && attachment?.deletedBy.has(who))
        found.push(finding(LIFECYCLE_RULES.delNotIdempotent, facts, "an earlier DEL of it succeeded", "stdout", 0))
      if (isOk) this.#release(key, attachment, who)
    }
    return found
  }

  /** Once for each time that a list became another. */
  checkList(operation: Operation): Finding[] {
    const list = this.#lists.add(operation)
    const [first] = operation.calls
    if (!first || !list || list.removed.length === 0) return []
    const detail = `${list.removed.join(", ")}, since ${new Date(list.fromMs).toISOString()}; what runs is ${list.plugins.join(", ")}`
    return [finding(LIFECYCLE_RULES.listWithoutPlugin, { call: first.call, operation }, detail, "stdin")]
  }

  #living(key: string): TrackedAttachment {
    const known = this.#attachments.get(key)
    if (known && !isGone(known)) return known
    const fresh: TrackedAttachment = { addedBy: new Map(), deletedBy: new Set(known?.deletedBy), ips: [] }
    this.#attachments.set(key, fresh)
    return fresh
  }

  #hold(key: string, attachment: TrackedAttachment, facts: CallFacts): Finding[] {
    const found: Finding[] = []
    for (const { address } of objects(facts.result?.ips)) {
      const ip = text(address).replace(/\/\d+$/, "")
      if (!isOwned(ip)) continue
      const place = [facts.call.node, facts.call.network, ip].join("\n")
      const holder = this.#holders.get(place)
      if (holder && holder.attachment !== key) {
        const at = facts.stdout?.indexOf(ip) ?? -1
        const detail = `${ip}, which call ${holder.call} gave${holder.pod && ` to ${holder.pod}`}, and no DEL of it is in this capture`
        found.push(finding(LIFECYCLE_RULES.ipOfTwo, facts, detail, "stdout", at < 0 ? undefined : at))
      }
      if (!attachment.ips.includes(place)) attachment.ips.push(place)
      this.#holders.set(place, { attachment: key, call: facts.call.id, pod: podOf(facts.call) })
    }
    return found
  }

  /** One plugin's successful DEL frees the addresses: which plugin holds them is not known, and to cry leak is worse. */
  #release(key: string, attachment: TrackedAttachment | undefined, who: string): void {
    if (!attachment) return
    for (const place of attachment.ips) if (this.#holders.get(place)?.attachment === key) this.#holders.delete(place)
    attachment.ips = []
    attachment.addedBy.delete(who)
    if (isGone(attachment)) this.#attachments.set(key, this.#goneBy(new Set(attachment.deletedBy).add(who)))
    else attachment.deletedBy.add(who)
  }

  #goneBy(deletedBy: Set<string>): TrackedAttachment {
    const name = [...deletedBy].sort().join("\n")
    const gone = this.#gone.get(name) ?? { addedBy: new Map(), deletedBy, ips: [] }
    this.#gone.set(name, gone)
    return gone
  }

  #checkVersion({ call, isOk, result, version, config, ...facts }: CallFacts): Finding[] {
    const key = `${call.node}\n${call.path}`
    if (call.command === "VERSION") {
      const versions = result?.supportedVersions
      if (isOk && Array.isArray(versions)) this.#supported.set(key, versions.map(text))
      return []
    }
    const supported = this.#supported.get(key)
    if (!supported || !config || supported.includes(version)) return []
    const detail = `${version}; it supports ${supported.join(", ")}`
    const at = call.stdin && "text" in call.stdin ? call.stdin.text.indexOf(`"cniVersion"`) : -1
    return [finding(LIFECYCLE_RULES.versionUnsupported, { call, ...facts }, detail, "stdin", at < 0 ? undefined : at)]
  }
}

function isGone({ addedBy }: TrackedAttachment): boolean {
  return addedBy.size === 0
}

function finding(
  rule: Rule,
  { call, operation }: Pick<CallFacts, "call" | "operation">,
  detail: string,
  stream: "env" | "stdin" | "stdout",
  at?: number,
): Finding {
  return toFinding(rule, call, operation.id, { detail, stream, ...(at === undefined ? {} : { at }) })
}

function podOf({ pod }: Call): string {
  return pod ? `${pod.namespace}/${pod.name}` : ""
}

/** Loopback and link-local addresses are every container's own. */
function isOwned(ip: string): boolean {
  const address = parseAddress(ip)
  if (!address) return false
  const { bits, value } = address
  if (bits === 32) return value >> 24n !== 127n && value >> 16n !== 0xa9fen
  return value !== 1n && value >> 118n !== 0x3fan
}
