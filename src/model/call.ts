import type { Begin, End, Exit, Payload } from "../capture/record.ts"
import { isObject } from "../cni/json.ts"
import { parseJsonCached } from "./json-cache.ts"

/** The pod a call is for, from CNI_ARGS (K8S_POD_NAMESPACE, K8S_POD_NAME, K8S_POD_UID). */
export type Pod = { namespace: string; name: string; uid?: string }

/**
 * `running`: began, not ended, and its process is still there. `killed`: began, not ended, and the process is gone:
 * the relay itself was killed, as a runtime does at its time-out. `unknown`: nobody could look (another node).
 */
export type CallState = "ended" | "running" | "killed" | "unknown"

/** One execution of one plugin, its two lines joined. Times are milliseconds; `wallMs` since 1970. */
export type Call = {
  id: string
  parent?: string
  depth: number
  as: Begin["as"]
  node?: string
  pid: number
  ppid: number
  parentName?: string
  plugin: string
  path: string
  argv: string[]
  env: Record<string, string>
  envNames: string[]
  original?: { sizeBytes: number; modifiedMs: number }
  /** CNI_COMMAND as it came; empty when it was not set */
  command: string
  containerId?: string
  netns?: string
  ifname?: string
  pod?: Pod
  /** `name` and `cniVersion` of the configuration on stdin */
  network?: string
  cniVersion?: string
  wallMs: number
  monoMs: number
  state: CallState
  exit?: Exit
  durationMs?: number
  spawnMs?: number
  usage?: End["usage"]
  stdin?: Payload
  stdout?: Payload
  stderr?: Payload
}

/** Joins the begin line of a call with its end line. `isAlive` tells whether a call's process still runs here. */
export function toCall(begin: Begin, end: End | undefined, isAlive?: (begin: Begin) => boolean): Call {
  const { kind: _kind, format: _format, stdin: beginStdin, ...facts } = begin
  const stdin = beginStdin ?? end?.stdin
  const config = configOf(stdin)
  // Assigned, not spread into a literal: that takes ten times as long, for each of a million calls.
  const call: Omit<Call, "state"> = Object.assign(facts, contextOf(begin.env))
  if (config?.name) call.network = config.name
  if (config?.cniVersion) call.cniVersion = config.cniVersion
  if (stdin) call.stdin = stdin
  const state: CallState =
    end || begin.as === "probe" ? "ended" : !isAlive ? "unknown" : isAlive(begin) ? "running" : "killed"
  if (!end) return Object.assign(call, { state })
  const { exit, durationMs, spawnMs, usage, stdout, stderr } = end
  return Object.assign(call, { state, exit, durationMs, spawnMs, usage, stdout, stderr })
}

/** What the environment tells of the call. */
export function contextOf(env: Begin["env"]): Pick<Call, "command" | "containerId" | "netns" | "ifname" | "pod"> {
  const context: ReturnType<typeof contextOf> = { command: env.CNI_COMMAND ?? "" }
  if (env.CNI_CONTAINERID) context.containerId = env.CNI_CONTAINERID
  if (env.CNI_NETNS) context.netns = env.CNI_NETNS
  if (env.CNI_IFNAME) context.ifname = env.CNI_IFNAME
  const pod = podOf(env.CNI_ARGS)
  if (pod) context.pod = pod
  return context
}

/** The pairs of CNI_ARGS. containerd writes them in another order each time (a Go map): compare as a map. */
export function parseArgs(text: string | undefined): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const pair of text?.split(";") ?? []) {
    const equals = pair.indexOf("=")
    if (equals > 0) pairs.set(pair.slice(0, equals), pair.slice(equals + 1))
  }
  return pairs
}

/** What a stream carried, where it is text. */
export function textOf(payload: Payload | undefined): string | undefined {
  return payload && "text" in payload ? payload.text : undefined
}

/** The JSON object of a stream; undefined where it is cut off, binary, empty or no object. */
export function jsonObject(payload: Payload | undefined): Record<string, unknown> | undefined {
  const value = payload && "text" in payload ? parseJsonCached(payload.text) : undefined
  return isObject(value) ? value : undefined
}

type Told = Pick<Call, "as" | "command"> & { stdin?: Payload | undefined; stdout?: Payload | undefined }

/** The result that an ADD shows: what it printed. A probe prints nothing of its own, and shows what it was given. */
export function resultOf({ as, command, stdin, stdout }: Told): Record<string, unknown> | undefined {
  if (as !== "probe") return jsonObject(stdout)
  const prevResult = command === "ADD" ? jsonObject(stdin)?.prevResult : undefined
  return isObject(prevResult) ? prevResult : undefined
}

/** Whether the call failed as a runtime judges it: by exit status alone (libcni raw_exec.go). */
export function isFailed({ state, exit }: Pick<Call, "state" | "exit">): boolean {
  return state === "killed" || (exit !== undefined && !("code" in exit && exit.code === 0))
}

/** Without `parseArgs`, which is felt where a million calls are read. */
function podOf(args: string | undefined): Pod | undefined {
  let [namespace, name, uid] = ["", "", ""]
  for (const pair of args?.split(";") ?? []) {
    if (pair.startsWith("K8S_POD_NAMESPACE=")) namespace = pair.slice("K8S_POD_NAMESPACE=".length)
    else if (pair.startsWith("K8S_POD_NAME=")) name = pair.slice("K8S_POD_NAME=".length)
    else if (pair.startsWith("K8S_POD_UID=")) uid = pair.slice("K8S_POD_UID=".length)
  }
  return namespace && name ? { namespace, name, ...(uid ? { uid } : {}) } : undefined
}

/** `name` and `cniVersion` of the configuration on stdin. */
export function configOf(
  stdin: Payload | undefined,
): { name: string | undefined; cniVersion: string | undefined } | undefined {
  const value = jsonObject(stdin)
  if (!value) return undefined
  return {
    name: typeof value.name === "string" ? value.name : undefined,
    cniVersion: typeof value.cniVersion === "string" ? value.cniVersion : undefined,
  }
}
