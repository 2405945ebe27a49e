import type { Begin, End, Payload, ProgressRecord } from "../capture/record.ts"
import { isObject, parseJson } from "../cni/json.ts"
import { parseJsonCached } from "./json-cache.ts"

/**
 * The pod a call is for, from CNI_ARGS (K8S_POD_NAMESPACE, K8S_POD_NAME, K8S_POD_UID). Podman sends the name of its container
 * as K8S_POD_NAME, and no namespace (containers/common, libnetwork/cni/run.go).
 */
export type Pod = { namespace?: string; name: string; uid?: string }

/**
 * `running`: it has not ended and its process exists. `killed`: it has not ended and its process is gone: the relay itself
 * was killed, as a runtime does on a timeout. `unknown`: its process cannot be looked up, because it is on another node.
 */
export type CallState = "ended" | "running" | "killed" | "unknown"

export const STREAMS = ["stdin", "stdout", "stderr"] as const
export type Stream = (typeof STREAMS)[number]

/**
 * What an ADD that exited with 0 printed. `unreadable`: libcni cannot parse it as a result. `unknown-version`: its
 * `cniVersion` is one that no libcni can convert. `error-object`: a CNI error, which libcni accepts as a result without
 * content. `interface-index`: an address refers to an interface that is not listed. `no-address`: it has no address for the
 * interface of the call (CNI_IFNAME).
 */
export type Answer = "result" | "unreadable" | "unknown-version" | "error-object" | "interface-index" | "no-address"

/**
 * One execution of one plugin: the members of its begin and end records, and what is derived from them. `call-schema.ts`
 * describes each. Times are milliseconds; `wallMs` since 1970.
 */
export type Call = Omit<Begin, "format" | "kind"> &
  CallContext & { state: CallState } & Partial<EndFacts> & {
    /** of the last call of a list, unless it is a result like any other */
    answer?: Exclude<Answer, "result">
  }

/** Derived from the environment and from the configuration on stdin. */
type CallContext = {
  /** CNI_COMMAND as it was set; empty if it was not */
  command: string
  containerId?: string
  netns?: string
  ifname?: string
  pod?: Pod
  /** `name` and `cniVersion` of the configuration */
  network?: string
  cniVersion?: string
}

/** What a call has once it ended. */
type EndFacts = Omit<End, "format" | "kind" | "id" | "wallMs" | "monoMs" | "stdin">

/**
 * Joins the begin record of a call with the last record after it: its end record or, as long as it has none, its last
 * progress record. `isAlive`: whether the call's process is running on this machine. */
export function toCall(
  begin: Begin,
  last: End | ProgressRecord | undefined,
  isAlive?: (begin: Begin) => boolean,
): Call {
  const end = last?.kind === "end" ? last : undefined
  const { kind: _kind, format: _format, stdin: beginStdin, ...facts } = begin
  const stdin = beginStdin ?? end?.stdin
  const config = configOf(stdin)
  // Object.assign instead of a literal with spreads, which takes ten times as long for a million calls.
  const call: Omit<Call, "state"> = Object.assign(facts, contextOf(begin.env))
  if (config?.name) call.network = config.name
  if (config?.cniVersion) call.cniVersion = config.cniVersion
  if (stdin) call.stdin = stdin
  const state: CallState =
    end || begin.as === "probe" ? "ended" : !isAlive ? "unknown" : isAlive(begin) ? "running" : "killed"
  return Object.assign(call, end ? endFacts(end) : last && writtenSoFar(last), { state })
}

function endFacts({
  format: _format,
  kind: _kind,
  id: _id,
  wallMs: _w,
  monoMs: _m,
  stdin: _stdin,
  ...facts
}: End): EndFacts {
  return facts
}

function writtenSoFar({ stdout, stderr }: End | ProgressRecord): Pick<EndFacts, "stdout" | "stderr"> {
  return { stdout, stderr }
}

/** The facts in the environment. */
export function contextOf(env: Begin["env"]): Pick<Call, "command" | "containerId" | "netns" | "ifname" | "pod"> {
  const context: ReturnType<typeof contextOf> = { command: env.CNI_COMMAND ?? "" }
  if (env.CNI_CONTAINERID) context.containerId = env.CNI_CONTAINERID
  if (env.CNI_NETNS) context.netns = env.CNI_NETNS
  if (env.CNI_IFNAME) context.ifname = env.CNI_IFNAME
  const pod = podOf(env.CNI_ARGS)
  if (pod) context.pod = pod
  return context
}

/** The pairs of CNI_ARGS. containerd writes them in random order (it iterates over a Go map): compare them as a map. */
export function parseArgs(text: string | undefined): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const pair of splitArgs(text ?? "")) {
    const equals = pair.indexOf("=")
    if (equals > 0) pairs.set(pair.slice(0, equals), pair.slice(equals + 1))
  }
  return pairs
}

/** More semicolons than a configuration of iptables in one value has. */
const MAX_JSON_PARTS = 64

/**
 * The pairs of CNI_ARGS as they are written. A value that is JSON may contain semicolons: Consul and Nomad pass the
 * configuration of iptables in one. libcni's own parser splits at each, and a plugin that uses it fails then.
 */
export function splitArgs(text: string): string[] {
  const parts = text.split(";")
  if (!/=[{["]/.test(text)) return parts
  const pairs: string[] = []
  for (let at = 0; at < parts.length; at++) {
    const length = jsonParts(parts, at)
    pairs.push(parts.slice(at, at + length).join(";"))
    at += length - 1
  }
  return pairs
}

/** How many parts the pair has that begins here: several only if together its value is JSON. */
function jsonParts(parts: readonly string[], from: number): number {
  const [, start] = /^[^=]+=([{["].*)$/s.exec(parts[from] ?? "") ?? []
  if (start === undefined) return 1
  let value = start
  for (let length = 1; length <= Math.min(MAX_JSON_PARTS, parts.length - from); length++) {
    if (parseJson(value) !== undefined) return length
    value += `;${parts[from + length]}`
  }
  return 1
}

/** The content of a stream, if it is text. */
export function textOf(payload: Payload | undefined): string | undefined {
  return payload && "text" in payload ? payload.text : undefined
}

/** The JSON object in a stream; undefined if the stream is truncated, binary, empty or not an object. */
export function jsonObject(payload: Payload | undefined): Record<string, unknown> | undefined {
  const value = payload && "text" in payload ? parseJsonCached(payload.text) : undefined
  return isObject(value) ? value : undefined
}

type CallStreams = Pick<Call, "as" | "command"> & { stdin?: Payload | undefined; stdout?: Payload | undefined }

/** The result of an ADD: what it printed. A probe prints none of its own; its result is the `prevResult` it was given. */
export function resultOf({ as, command, stdin, stdout }: CallStreams): Record<string, unknown> | undefined {
  if (as !== "probe") return jsonObject(stdout)
  const prevResult = command === "ADD" ? jsonObject(stdin)?.prevResult : undefined
  return isObject(prevResult) ? prevResult : undefined
}

/** Whether the call failed: by its exit status, which libcni looks at first (pkg/invoke/raw_exec.go), or by its answer. */
export function isFailed(call: Pick<Call, "state" | "exit" | "answer">): boolean {
  return endsList(call) || call.answer === "error-object"
}

/** Whether libcni calls no further plugin of the list after it. */
export function endsList(call: Pick<Call, "state" | "exit" | "answer">): boolean {
  return hasFailedExit(call) || call.answer === "unreadable" || call.answer === "unknown-version"
}

/** Whether its process was killed, could not be started, or exited with another status than 0. */
export function hasFailedExit({ state, exit }: Pick<Call, "state" | "exit">): boolean {
  return state === "killed" || (exit !== undefined && !("code" in exit && exit.code === 0))
}

const SIGPIPE = 13

/**
 * Whether the process that started the call was gone when the plugin answered: writing to a pipe that nobody reads ends a process
 * with SIGPIPE, and a shell whose last command ended so exits with 128 more.
 */
export function isAbandoned({ exit }: Pick<Call, "exit">): boolean {
  if (exit === undefined || "errno" in exit) return false
  return "signal" in exit ? exit.signal === SIGPIPE : exit.code === 128 + SIGPIPE
}

/** Does not use `parseArgs`, which is too slow for a million calls. */
export function podOf(args: string | undefined): Pod | undefined {
  let [namespace, name, uid] = ["", "", ""]
  for (const pair of splitArgs(args ?? "")) {
    if (pair.startsWith("K8S_POD_NAMESPACE=")) namespace = pair.slice("K8S_POD_NAMESPACE=".length)
    else if (pair.startsWith("K8S_POD_NAME=")) name = pair.slice("K8S_POD_NAME=".length)
    else if (pair.startsWith("K8S_POD_UID=")) uid = pair.slice("K8S_POD_UID=".length)
  }
  return name ? { ...(namespace ? { namespace } : {}), name, ...(uid ? { uid } : {}) } : undefined
}

/** `namespace/name`, or the name alone if the runtime has no namespaces. */
export function podKey({ namespace, name }: { namespace?: string | undefined; name: string }): string {
  return namespace ? `${namespace}/${name}` : name
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
