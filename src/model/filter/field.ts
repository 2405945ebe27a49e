import { SIGNALS } from "../../capture/record.ts"
import { COMMANDS } from "../../cni/command.ts"
import { type Call, isFailed, jsonObject, resultOf } from "../call.ts"
import { type Operation, type Outcome, walk } from "../operation.ts"
import { addressesOf, errorTexts } from "../result/result-fields.ts"

/**
 * How a field's values are written and compared. `id`: `=` compares beginnings. `choice`: one of `values`, in any case.
 * `stream`: text of any length.
 */
export type FieldKind =
  | "text"
  | "id"
  | "choice"
  | "stream"
  | "number"
  | "duration"
  | "size"
  | "time"
  | "signal"
  | "address"

export type Value = string | number

export type Field = {
  kind: FieldKind
  /** one line for help and completion */
  help: string
  /** what a reader must have: the begin line, the end line, or the bytes of a stream */
  source: "begin" | "end" | "stream"
  /** `call` tells the value of one call; where `operation` is absent, an operation has none as a whole */
  call(call: Call, nowMs: number | undefined): readonly (Value | undefined)[]
  operation?(operation: Operation, nowMs: number | undefined): readonly (Value | undefined)[]
  values?: readonly string[]
  /** values beyond `values` may be recorded */
  isOpen?: true
  /** an inclusive range that no value leaves */
  range?: readonly [number, number]
  /** one call can have several */
  isMany?: true
}

const OUTCOMES: readonly Outcome[] = ["ok", "failed", "running", "killed", "unknown"]

/** Every field that a filter may name, in the order of the help. */
export const FIELDS = {
  command: {
    kind: "choice",
    help: "CNI_COMMAND",
    source: "begin",
    values: Object.keys(COMMANDS),
    isOpen: true,
    call: ({ command }) => [command],
    operation: ({ command }) => [command],
  },
  plugin: { kind: "text", help: "type of the plugin", source: "begin", call: ({ plugin }) => [plugin] },
  pod: {
    kind: "text",
    help: "NAME or NAMESPACE/NAME of the pod",
    source: "begin",
    call: podNames,
    operation: podNames,
  },
  namespace: {
    kind: "text",
    help: "namespace of the pod",
    source: "begin",
    call: ({ pod }) => [pod?.namespace],
    operation: ({ pod }) => [pod?.namespace],
  },
  node: {
    kind: "text",
    help: "node that recorded it",
    source: "begin",
    call: ({ node }) => [node],
    operation: ({ node }) => [node],
  },
  network: {
    kind: "text",
    help: "name of the network (`name` of the configuration)",
    source: "begin",
    call: ({ network }) => [network],
    operation: ({ network }) => [network],
  },
  container: {
    kind: "id",
    help: "beginning of the container ID",
    source: "begin",
    call: ({ containerId }) => [containerId],
    operation: ({ containerId }) => [containerId],
  },
  ifname: {
    kind: "text",
    help: "CNI_IFNAME",
    source: "begin",
    call: ({ ifname }) => [ifname],
    operation: ({ ifname }) => [ifname],
  },
  netns: {
    kind: "text",
    help: "CNI_NETNS",
    source: "begin",
    call: ({ netns }) => [netns],
    operation: ({ netns }) => [netns],
  },
  cniVersion: {
    kind: "text",
    help: "cniVersion of the configuration",
    source: "begin",
    call: ({ cniVersion }) => [cniVersion],
  },
  runtime: {
    kind: "text",
    help: "process that made the call: containerd, crio, a plugin",
    source: "begin",
    call: ({ parentName }) => [parentName],
    operation: ({ runtime }) => [runtime],
  },
  id: {
    kind: "id",
    help: "beginning of the id of a call or operation",
    source: "begin",
    isMany: true,
    call: ({ id }) => [id],
    operation: ({ calls }) => [...walk(calls)].map(({ call }) => call.id),
  },
  depth: {
    kind: "number",
    help: "how deep the call is nested: 0 for those that the runtime made",
    source: "begin",
    range: [0, 1000],
    call: ({ depth }) => [depth],
  },
  time: {
    kind: "time",
    help: "when it began: 10m (ago) or 2026-09-21T03:00:00Z",
    source: "begin",
    call: ({ wallMs }) => [wallMs],
    operation: ({ wallMs }) => [wallMs],
  },
  outcome: {
    kind: "choice",
    help: "ok, failed, running, killed, unknown",
    source: "end",
    values: OUTCOMES,
    call: (call) => [outcomeOf(call)],
    operation: ({ outcome }) => [outcome],
  },
  state: {
    kind: "choice",
    help: "ended, running, killed, unknown",
    source: "end",
    values: ["ended", "running", "killed", "unknown"],
    call: ({ state }) => [state],
  },
  exit: {
    kind: "number",
    help: "exit status as a shell gives it: 128 + n for signal n, 127 where the plugin could not be started",
    source: "end",
    range: [0, 255],
    call: (call) => [exitStatus(call)],
  },
  signal: {
    kind: "signal",
    help: "signal that ended the plugin, by name or number",
    source: "end",
    values: Object.values(SIGNALS),
    range: [1, 64],
    call: ({ exit }) => [exit && "signal" in exit ? exit.signal : undefined],
  },
  duration: {
    kind: "duration",
    help: "how long it took, or has been running",
    source: "end",
    range: [0, Number.POSITIVE_INFINITY],
    call: durationOf,
    operation: durationOf,
  },
  memory: {
    kind: "size",
    help: "most memory that the plugin held",
    source: "end",
    range: [0, Number.POSITIVE_INFINITY],
    call: ({ usage }) => [usage?.maxRssBytes],
  },
  code: {
    kind: "number",
    help: "code of the CNI error that the plugin printed",
    source: "stream",
    call: ({ stdout }) => [numberIn(jsonObject(stdout)?.code)],
  },
  msg: {
    kind: "stream",
    help: "msg and details of the CNI error that the plugin printed",
    source: "stream",
    call: ({ stdout }) => errorTexts(jsonObject(stdout)),
  },
  ip: {
    kind: "address",
    help: "address in the result; =10.1.0.0/16 finds all of a network",
    source: "stream",
    isMany: true,
    call: (call) => addressesOf(resultOf(call)),
  },
  stdin: { kind: "stream", help: "what the plugin was given", source: "stream", call: ({ stdin }) => bytesOf(stdin) },
  stdout: { kind: "stream", help: "what it printed", source: "stream", call: ({ stdout }) => bytesOf(stdout) },
  stderr: { kind: "stream", help: "what it logged", source: "stream", call: ({ stderr }) => bytesOf(stderr) },
  text: {
    kind: "stream",
    help: "what a list shows: a word alone looks here",
    source: "end",
    isMany: true,
    call: listed,
    operation: (operation) => [...walk(operation.calls)].flatMap(({ call }) => listed(call)).concat(operation.outcome),
  },
} as const satisfies Record<string, Field>

export type FieldName = keyof typeof FIELDS

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[]

/** Shorter spellings. */
export const FIELD_ALIASES: Readonly<Record<string, FieldName>> = { ns: "namespace" }

export function fieldOf(name: FieldName): Field {
  return FIELDS[name]
}

/** The field of that name in any case, or by its alias. */
export function findField(text: string): FieldName | undefined {
  const lower = text.toLowerCase()
  return FIELD_ALIASES[lower] ?? FIELD_NAMES.find((name) => name.toLowerCase() === lower)
}

function outcomeOf(call: Call): Outcome {
  return call.state === "ended" ? (isFailed(call) ? "failed" : "ok") : call.state
}

/**
 * Who asks for `exit!=0` wants what failed. A relay that left no end line was killed with its plugin by the runtime,
 * and only SIGKILL does that.
 */
function exitStatus({ exit, state }: Call): number | undefined {
  if (!exit) return state === "killed" ? 128 + 9 : undefined
  return "code" in exit ? exit.code : "signal" in exit ? 128 + exit.signal : 127
}

function durationOf(
  one: { wallMs: number; durationMs?: number; state?: string; outcome?: string },
  nowMs: number | undefined,
): readonly (number | undefined)[] {
  const isRunning = one.state === "running" || one.outcome === "running"
  return [one.durationMs ?? (isRunning && nowMs !== undefined ? nowMs - one.wallMs : undefined)]
}

function podNames({ pod }: { pod?: { namespace: string; name: string } }): readonly (string | undefined)[] {
  return pod ? [pod.name, `${pod.namespace}/${pod.name}`] : []
}

function listed(call: Call): string[] {
  const pod = podNames(call).at(-1)
  return [
    call.id,
    call.command,
    call.plugin,
    pod,
    call.containerId,
    call.network,
    call.ifname,
    call.node,
    outcomeOf(call),
  ].filter((text) => text !== undefined && text !== "") as string[]
}

function bytesOf(payload: Call["stdin"]): readonly (string | undefined)[] {
  return [payload && ("text" in payload ? payload.text : payload.base64)]
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined
}
