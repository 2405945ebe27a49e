import { hostLocalRangeSets } from "../../cni/host-local.ts"
import type { Call } from "../call.ts"
import { LEDGER_FACTS_IN_STREAMS } from "../ledger/ledger-facts.ts"
import { type CallFacts, type JsonObject, objects, text } from "./call-facts.ts"

/**
 * What the rules about several operations and the ledger read of a call's streams, besides the addresses in its result.
 * Most calls of a plugin have the same, so that a server can keep it for every call of a capture.
 */
export type CallDigest = {
  /** the executed path, and the build of the plugin that was there */
  path: string
  build?: NonNullable<Call["original"]>
  /** version of the configuration, if there is one */
  version?: string
  /** of an ADD that went well: what of its configuration decides which addresses host-local assigns */
  pool?: JsonObject
  /** versions that the plugin says it supports */
  supports?: readonly string[]
  /** the plugin did not know the version of its configuration, and did nothing */
  refusesVersion?: true
  /** host-local's directory, if the configuration names one */
  dataDir?: string
}

export function digestOf(facts: CallFacts): CallDigest {
  const { call, config, version, isOk } = facts
  const pool = call.command === "ADD" && isOk && config ? poolOf(config) : undefined
  const supports = supportedBy(facts)
  const dataDir = LEDGER_FACTS_IN_STREAMS.dataDir(call)
  return {
    path: call.path,
    ...(call.original ? { build: call.original } : {}),
    ...(config ? { version } : {}),
    ...(pool ? { pool } : {}),
    ...(supports ? { supports } : {}),
    ...(LEDGER_FACTS_IN_STREAMS.refusesVersion(call) ? { refusesVersion: true } : {}),
    ...(dataDir === undefined ? {} : { dataDir }),
  }
}

function poolOf({ name, type, master, vlan, bridge, ipam }: JsonObject): JsonObject | undefined {
  return hostLocalRangeSets(ipam).flat().length > 0 ? { name, type, master, vlan, bridge, ipam } : undefined
}

function supportedBy(facts: CallFacts): string[] | undefined {
  const { call, isOk, result } = facts
  if (call.command !== "VERSION") return supportedInError(facts)
  const versions = result?.supportedVersions
  return isOk && Array.isArray(versions) ? versions.map(text) : undefined
}

/** The versions that a plugin names when it refuses that of its configuration, unless the error is that of its delegate. */
function supportedInError({ error, isFailed, children }: CallFacts): string[] | undefined {
  if (!isFailed || typeof error?.msg !== "string" || children.some((child) => child.error?.msg === error.msg))
    return undefined
  const message = `${error.msg} ${text(error.details ?? "")}`
  const [, versions] = /plugin supports \[([^\]]{0,400})\]/.exec(message) ?? []
  return versions === undefined ? undefined : [...versions.matchAll(/\d+\.\d+\.\d+/g)].map(([version]) => version)
}

/** The attachments that a GC lists as valid: container ID and ifname. */
export function validAttachments(config: JsonObject | undefined): Set<string> {
  const listed = objects(config?.["cni.dev/valid-attachments"] ?? config?.["cni.dev/attachments"])
  return new Set(listed.map(({ containerID, ifname }) => `${text(containerID)}\n${text(ifname)}`))
}
