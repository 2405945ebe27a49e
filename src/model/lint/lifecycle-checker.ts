import { parseAddress } from "../../cni/address.ts"
import { type Call, jsonObject, podKey } from "../call.ts"
import { PluginLists } from "../explain/plugin-lists.ts"
import { AttachmentKeys } from "../ledger/attachment-keys.ts"
import type { Operation } from "../operation.ts"
import { type CallDigest, validAttachments } from "./call-digest.ts"
import { exitCode, locate, wholeText } from "./call-facts.ts"
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

/** A call as these rules see it: with or without its streams, its place in the operation, and what they read of its streams. */
export type LifecycleCall = {
  operation: Operation
  call: Call
  level: number
  /** plugin of the call that made this one */
  caller: string | undefined
  digest: CallDigest
  /** addresses in the result of an ADD */
  ips: readonly string[]
}

/** Reads the streams of a call, for the evidence of a finding. */
export type WholeCall = (call: Call) => Call

/** Applies the rules that span operations, which must be checked in the order they began. */
export class LifecycleChecker {
  readonly #whole: WholeCall
  readonly #keys = new AttachmentKeys()
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

  constructor(whole: WholeCall) {
    this.#whole = whole
  }

  check(one: LifecycleCall): Finding[] {
    const { call, level, caller, digest, operation } = one
    const code = exitCode(call)
    const isOk = code === 0
    const isFailed = code !== undefined && !isOk
    const found = this.#checkVersion(one, isOk)
    for (const hitIn of this.#pools.check(call, digest.pool))
      found.push(this.#finding(LIFECYCLE_RULES.subnetOfTwo, one, hitIn))
    const replaced = this.#replacedBuild(call, digest)
    if (replaced)
      found.push(this.#finding(LIFECYCLE_RULES.pluginReplaced, one, () => ({ detail: replaced, stream: "exit" })))
    if (call.command === "GC" && call === operation.calls[0]?.call) return [...found, ...this.#checkGc(one)]
    if (!call.containerId) return found
    const key = this.#keys.of(call, call.network)
    const plugin = `${caller ?? ""}/${call.plugin}`
    if (call.command === "ADD" && isOk) {
      const attachment = this.#attachmentOf(key)
      const earlier = attachment.addedBy.get(plugin)
      // A plugin may call a delegate as often as it likes; only the runtime's calls are checked.
      if (earlier !== undefined && level === 0) {
        const hit: CallHit = { detail: `the first is call ${earlier}`, stream: "env" }
        found.push(this.#finding(LIFECYCLE_RULES.addTwice, one, () => hit))
      }
      attachment.addedBy.set(plugin, call.id)
      attachment.deletedBy.delete(plugin)
      if (level === 0) {
        if (call.parentName !== undefined) attachment.runtime = call.parentName
        attachment.pod = podOf(call) || call.containerId
        found.push(...this.#hold(key, attachment, one))
      }
    } else if (call.command === "DEL") {
      const attachment = this.#attachments.get(key)
      if (isFailed && attachment?.deletedBy.has(plugin)) {
        const hit: CallHit = { detail: "an earlier DEL of it succeeded", stream: "stdout", at: 0 }
        found.push(this.#finding(LIFECYCLE_RULES.delNotIdempotent, one, () => hit))
      }
      if (isOk) this.#release(key, attachment, plugin)
    }
    return found
  }

  /** A later DEL of it is treated as the first one. */
  forgetDeleted(call: Call): void {
    const key = this.#keys.of(call, call.network)
    const known = this.#attachments.get(key)
    if (known && isDeleted(known)) this.#attachments.delete(key)
  }

  /** Both builds, at the first call of the newer one. */
  #replacedBuild({ node }: Call, { path, build }: CallDigest): string | undefined {
    if (!build) return undefined
    const key = `${node}\n${path}`
    const before = this.#builds.get(key)
    this.#builds.set(key, build)
    const isSame = before?.sizeBytes === build.sizeBytes && before.modifiedMs === build.modifiedMs
    return before && !isSame ? `${buildText(build)}; before, ${buildText(before)}` : undefined
  }

  /** Reports a plugin once, when the calls of the list stop including it. */
  checkList(operation: Operation): Finding[] {
    const list = this.#lists.add(operation)
    const [first] = operation.calls
    if (!first || !list || list.removed.length === 0) return []
    const since = new Date(list.fromMs).toISOString()
    const detail = `${list.removed.join(", ")}, since ${since}; called are ${list.plugins.join(", ")}`
    const one = { call: first.call, operation }
    return [this.#finding(LIFECYCLE_RULES.listWithoutPlugin, one, () => ({ detail, stream: "stdin" }))]
  }

  /** Attachments of another runtime: this one does not know them, so its GC frees their addresses. */
  #checkGc(one: LifecycleCall): Finding[] {
    const { call } = one
    let listed: Set<string> | undefined
    const network = [call.node, call.network, ""].join("\n")
    const found: Finding[] = []
    for (const [key, attachment] of this.#attachments) {
      const { runtime, pod, addedBy, ips } = attachment
      if (!runtime || !call.parentName || runtime === call.parentName || isDeleted(attachment)) continue
      if (!key.startsWith(network)) continue
      listed ??= validAttachments(jsonObject(this.#whole(call).stdin))
      if (listed.has(key.slice(network.length))) continue
      const [added] = addedBy.values()
      const addresses = ips.map((ip) => ip.slice(network.length)).join(", ")
      const detail = `${pod} of ${runtime}, added by call ${added}${addresses && `, has ${addresses}`}; ${call.parentName} does not know it`
      found.push(
        this.#finding(LIFECYCLE_RULES.gcOfOtherRuntime, one, ({ stdin }) => ({
          detail,
          ...locate("stdin", wholeText(stdin), `"cni.dev/valid-attachments"`),
        })),
      )
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

  #hold(key: string, attachment: TrackedAttachment, one: LifecycleCall): Finding[] {
    const found: Finding[] = []
    const { call, ips } = one
    for (const ip of ips) {
      if (!isUnique(ip)) continue
      const ipKey = [call.node, call.network, ip].join("\n")
      const holder = this.#holders.get(ipKey)
      if (holder && holder.attachment !== key) {
        const receiver = holder.pod && ` to ${holder.pod}`
        const detail = `${ip}, already assigned by call ${holder.call}${receiver} without a recorded DEL`
        const hitIn = ({ stdout }: Call): CallHit => ({ detail, ...locate("stdout", wholeText(stdout), ip) })
        found.push(this.#finding(LIFECYCLE_RULES.ipOfTwo, one, hitIn))
      }
      if (!attachment.ips.includes(ipKey)) attachment.ips.push(ipKey)
      this.#holders.set(ipKey, { attachment: key, call: call.id, pod: podOf(call) })
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

  #checkVersion(one: LifecycleCall, isOk: boolean): Finding[] {
    const { call, digest } = one
    const { path, version, supports } = digest
    const key = `${call.node}\n${path}`
    if (call.command === "VERSION") {
      if (isOk && supports) this.#supportedVersions.set(key, supports)
      return []
    }
    const supported = this.#supportedVersions.get(key) ?? supports
    if (!supported || version === undefined || supported.includes(version)) return []
    const detail = `${version}; ${call.plugin} supports ${versionRange(supported)}`
    const hitIn = ({ stdin }: Call): CallHit => ({ detail, ...locate("stdin", wholeText(stdin), `"cniVersion"`) })
    return [this.#finding(LIFECYCLE_RULES.versionUnsupported, one, hitIn)]
  }

  #finding(
    rule: Rule,
    { call, operation }: Pick<LifecycleCall, "call" | "operation">,
    hitIn: (call: Call) => CallHit,
  ): Finding {
    const whole = this.#whole(call)
    return toFinding(rule, whole, operation.id, hitIn(whole))
  }
}

/** A plugin that supports two versions supports those between. */
function versionRange(versions: readonly string[]): string {
  return versions.length > 1 ? `${versions[0]} to ${versions.at(-1)}` : versions.join("")
}

function isDeleted({ addedBy }: TrackedAttachment): boolean {
  return addedBy.size === 0
}

function podOf({ pod }: Call): string {
  return pod ? podKey(pod) : ""
}

/** Loopback and link-local addresses exist in every container. */
function isUnique(ip: string): boolean {
  const address = parseAddress(ip)
  if (!address) return false
  const { bits, value } = address
  if (bits === 32) return Number(value) >>> 24 !== 127 && Number(value) >>> 16 !== 0xa9fe
  return value !== 1n && value >> 118n !== 0x3fan
}

function buildText({ sizeBytes, modifiedMs }: NonNullable<Call["original"]>): string {
  return `${sizeBytes} bytes of ${new Date(modifiedMs).toISOString().replace(".000Z", "Z")}`
}
