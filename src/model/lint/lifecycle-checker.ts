import { parseAddress } from "../../cni/address.ts"
import { type Call, podKey } from "../call.ts"
import { PluginLists } from "../explain/plugin-lists.ts"
import type { Operation } from "../operation.ts"
import { type CallFacts, locate, objects, text, wholeText } from "./call-facts.ts"
import { type CallHit, type Finding, type Rule, toFinding } from "./finding.ts"
import { PoolChecker } from "./pool-checker.ts"
import { LIFECYCLE_RULES } from "./rules/lifecycle-rules.ts"

/**
 * `addedBy`: plugin (with its caller) to the id of its ADD; empty once all of them deleted. `deletedBy`: plugins whose DEL
 * succeeded. `ips`: keys of the addresses that it holds. `runtime`: the program that added it.
 */
type TrackedAttachment = {
  addedBy: Map<string, string>
  deletedBy: Set<string>
  ips: string[]
  runtime?: string
  pod?: string
}

/** Applies the rules that span operations, which must be checked in the order they began. */
export class LifecycleChecker {
  readonly #attachments = new Map<string, TrackedAttachment>()
  /** By the plugins that deleted. Deleted attachments share one object: a capture has a hundred thousand of them. */
  readonly #deleted = new Map<string, TrackedAttachment>()
  /** By node, network and address: the attachment that holds it, and the call that assigned it. */
  readonly #holders = new Map<string, { attachment: string; call: string; pod: string }>()
  readonly #supportedVersions = new Map<string, readonly string[]>()
  readonly #lists = new PluginLists()
  readonly #pools = new PoolChecker()
  /** By node and path of the plugin. */
  readonly #builds = new Map<string, NonNullable<Call["original"]>>()

  check(facts: CallFacts): Finding[] {
    const { call, isOk, isFailed } = facts
    const found = this.#checkVersion(facts)
    for (const hit of this.#pools.check(facts)) found.push(finding(LIFECYCLE_RULES.subnetOfTwo, facts, hit))
    const replaced = this.#replacedBuild(call)
    if (replaced) found.push(finding(LIFECYCLE_RULES.pluginReplaced, facts, { detail: replaced, stream: "exit" }))
    if (call.command === "GC" && facts.level === 0 && !facts.previous) return [...found, ...this.#checkGc(facts)]
    if (!call.containerId) return found
    const key = [call.node, call.network, call.containerId, call.ifname].join("\n")
    const plugin = `${facts.parent?.call.plugin ?? ""}/${call.plugin}`
    if (call.command === "ADD" && isOk) {
      const attachment = this.#attachmentOf(key)
      const earlier = attachment.addedBy.get(plugin)
      // A plugin may call a delegate as often as it likes; only the runtime's calls are checked.
      if (earlier !== undefined && facts.level === 0)
        found.push(finding(LIFECYCLE_RULES.addTwice, facts, { detail: `the first is call ${earlier}`, stream: "env" }))
      attachment.addedBy.set(plugin, call.id)
      attachment.deletedBy.delete(plugin)
      if (facts.level === 0) {
        if (call.parentName !== undefined) attachment.runtime = call.parentName
        attachment.pod = podOf(call) || call.containerId
        found.push(...this.#hold(key, attachment, facts))
      }
    } else if (call.command === "DEL") {
      const attachment = this.#attachments.get(key)
      if (isFailed && attachment?.deletedBy.has(plugin)) {
        const hit: CallHit = { detail: "an earlier DEL of it succeeded", stream: "stdout", at: 0 }
        found.push(finding(LIFECYCLE_RULES.delNotIdempotent, facts, hit))
      }
      if (isOk) this.#release(key, attachment, plugin)
    }
    return found
  }

  /** Both builds, at the first call of the newer one. */
  #replacedBuild({ node, path, original }: Call): string | undefined {
    if (!original) return undefined
    const key = `${node}\n${path}`
    const before = this.#builds.get(key)
    this.#builds.set(key, original)
    const isSame = before?.sizeBytes === original.sizeBytes && before.modifiedMs === original.modifiedMs
    return before && !isSame ? `${buildText(original)}; before, ${buildText(before)}` : undefined
  }

  /** Reports a plugin once, when the calls of the list stop including it. */
  checkList(operation: Operation): Finding[] {
    const list = this.#lists.add(operation)
    const [first] = operation.calls
    if (!first || !list || list.removed.length === 0) return []
    const since = new Date(list.fromMs).toISOString()
    const detail = `${list.removed.join(", ")}, since ${since}; called are ${list.plugins.join(", ")}`
    return [finding(LIFECYCLE_RULES.listWithoutPlugin, { call: first.call, operation }, { detail, stream: "stdin" })]
  }

  /** Attachments of another runtime: this one does not know them, so its GC frees their addresses. */
  #checkGc(facts: CallFacts): Finding[] {
    const { call, config } = facts
    const listed = new Set(
      objects(config?.["cni.dev/valid-attachments"] ?? config?.["cni.dev/attachments"]).map(
        ({ containerID, ifname }) => `${text(containerID)}\n${text(ifname)}`,
      ),
    )
    const network = [call.node, call.network, ""].join("\n")
    const found: Finding[] = []
    for (const [key, attachment] of this.#attachments) {
      const { runtime, pod, addedBy, ips } = attachment
      if (!runtime || !call.parentName || runtime === call.parentName || isDeleted(attachment)) continue
      if (!key.startsWith(network) || listed.has(key.slice(network.length))) continue
      const [added] = addedBy.values()
      const addresses = ips.map((ip) => ip.slice(network.length)).join(", ")
      const detail = `${pod} of ${runtime}, added by call ${added}${addresses && `, has ${addresses}`}; ${call.parentName} does not know it`
      const hit: CallHit = { detail, ...locate("stdin", wholeText(call.stdin), `"cni.dev/valid-attachments"`) }
      found.push(finding(LIFECYCLE_RULES.gcOfOtherRuntime, facts, hit))
    }
    return found
  }

  #attachmentOf(key: string): TrackedAttachment {
    const known = this.#attachments.get(key)
    if (known && !isDeleted(known)) return known
    const fresh: TrackedAttachment = { addedBy: new Map(), deletedBy: new Set(known?.deletedBy), ips: [] }
    this.#attachments.set(key, fresh)
    return fresh
  }

  #hold(key: string, attachment: TrackedAttachment, facts: CallFacts): Finding[] {
    const found: Finding[] = []
    for (const { address } of objects(facts.result?.ips)) {
      const ip = text(address).replace(/\/\d+$/, "")
      if (!isUnique(ip)) continue
      const ipKey = [facts.call.node, facts.call.network, ip].join("\n")
      const holder = this.#holders.get(ipKey)
      if (holder && holder.attachment !== key) {
        const receiver = holder.pod && ` to ${holder.pod}`
        const detail = `${ip}, already assigned by call ${holder.call}${receiver} without a recorded DEL`
        found.push(finding(LIFECYCLE_RULES.ipOfTwo, facts, { detail, ...locate("stdout", facts.stdout, ip) }))
      }
      if (!attachment.ips.includes(ipKey)) attachment.ips.push(ipKey)
      this.#holders.set(ipKey, { attachment: key, call: facts.call.id, pod: podOf(facts.call) })
    }
    return found
  }

  /** Any plugin's successful DEL frees the addresses: which plugin holds them is unknown, and a false alarm is worse. */
  #release(key: string, attachment: TrackedAttachment | undefined, plugin: string): void {
    if (!attachment) return
    for (const ipKey of attachment.ips) if (this.#holders.get(ipKey)?.attachment === key) this.#holders.delete(ipKey)
    attachment.ips = []
    attachment.addedBy.delete(plugin)
    if (isDeleted(attachment)) this.#attachments.set(key, this.#deletedBy(new Set(attachment.deletedBy).add(plugin)))
    else attachment.deletedBy.add(plugin)
  }

  #deletedBy(plugins: Set<string>): TrackedAttachment {
    const key = [...plugins].sort().join("\n")
    const deleted = this.#deleted.get(key) ?? { addedBy: new Map(), deletedBy: plugins, ips: [] }
    this.#deleted.set(key, deleted)
    return deleted
  }

  #checkVersion(facts: CallFacts): Finding[] {
    const { call, isOk, result, version, config } = facts
    const key = `${call.node}\n${call.path}`
    if (call.command === "VERSION") {
      const versions = result?.supportedVersions
      if (isOk && Array.isArray(versions)) this.#supportedVersions.set(key, versions.map(text))
      return []
    }
    const supported = this.#supportedVersions.get(key) ?? supportedInError(facts)
    if (!supported || !config || supported.includes(version)) return []
    const detail = `${version}; ${call.plugin} supports ${versionRange(supported)}`
    const hit: CallHit = { detail, ...locate("stdin", wholeText(call.stdin), `"cniVersion"`) }
    return [finding(LIFECYCLE_RULES.versionUnsupported, facts, hit)]
  }
}

/** The versions that a plugin names when it refuses that of its configuration, unless the error is that of its delegate. */
function supportedInError({ error, isFailed, children }: CallFacts): string[] | undefined {
  if (!isFailed || typeof error?.msg !== "string" || children.some((child) => child.error?.msg === error.msg))
    return undefined
  const message = `${error.msg} ${text(error.details ?? "")}`
  const [, versions] = /plugin supports \[([^\]]{0,400})\]/.exec(message) ?? []
  return versions === undefined ? undefined : [...versions.matchAll(/\d+\.\d+\.\d+/g)].map(([version]) => version)
}

/** A plugin that supports two versions supports those between. */
function versionRange(versions: readonly string[]): string {
  return versions.length > 1 ? `${versions[0]} to ${versions.at(-1)}` : versions.join("")
}

function isDeleted({ addedBy }: TrackedAttachment): boolean {
  return addedBy.size === 0
}

function finding(rule: Rule, { call, operation }: Pick<CallFacts, "call" | "operation">, hit: CallHit): Finding {
  return toFinding(rule, call, operation.id, hit)
}

function podOf({ pod }: Call): string {
  return pod ? podKey(pod) : ""
}

/** Loopback and link-local addresses exist in every container. */
function isUnique(ip: string): boolean {
  const address = parseAddress(ip)
  if (!address) return false
  const { bits, value } = address
  if (bits === 32) return value >> 24n !== 127n && value >> 16n !== 0xa9fen
  return value !== 1n && value >> 118n !== 0x3fan
}

function buildText({ sizeBytes, modifiedMs }: NonNullable<Call["original"]>): string {
  return `${sizeBytes} bytes of ${new Date(modifiedMs).toISOString().replace(".000Z", "Z")}`
}
