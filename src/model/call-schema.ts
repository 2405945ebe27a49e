import { COMMANDS } from "../cni/command.ts"
import type { Answer, Call, CallState } from "./call.ts"

/**
 * How columns hold a fact. `id`: a text of its own for each call. `text`: the number of a text in a dictionary, 0 for no
 * text. `choice`: the position in `values`. `exit`: the number that `exitNumber` returns. `float64`: NaN for no value.
 */
export type ColumnType = "id" | "text" | "choice" | "exit" | "uint16" | "uint32" | "float64"

/** A filter field that compares the value of one fact. */
export type FactField = {
  name: string
  kind: "text" | "id" | "choice" | "number" | "size" | "time"
  /** one line for help and completion; the fact's own description by default */
  help?: string
  values?: readonly string[]
  /** values beyond `values` may be recorded */
  isOpen?: true
  /** an inclusive range that no value leaves */
  range?: readonly [number, number]
  /** the member of an operation that holds the value for the operation as a whole */
  operation?: "command" | "containerId" | "ifname" | "netns" | "network" | "node" | "pod" | "runtime" | "wallMs"
  /** completion offers the values that occur in the capture */
  isCompleted?: true
}

export type CallFact = {
  /**
   * `begin`, `end`: a member of that record; `either`: of one of the two. `env`, `stdin`: derived from the variables or
   * from the configuration on stdin. `reader`: found out by the reader.
   */
  source: "begin" | "end" | "either" | "env" | "stdin" | "reader"
  /** JSON type in the record, for FORMAT.md */
  type?: string
  /** path in `Call` and in the record, if it is not a member itself */
  path?: readonly ["pod" | "usage", string]
  /** Lists need the fact: indexes and the page have a column for it. Without one, the whole record must be read. */
  column?: ColumnType
  /** of a `choice` */
  values?: readonly string[]
  /** a column of the index alone: the page's calls do not have the fact */
  isIndexOnly?: true
  /** as a rule all calls of an operation have the same value: the page gets it once */
  isShared?: true
  /** one sentence for FORMAT.md and, if the field has none of its own, for the help of filters */
  description: string
  field?: FactField
}

export const CALL_STATES = ["ended", "running", "killed", "unknown"] as const satisfies CallState[]
export const ANSWERS = [
  "result",
  "unreadable",
  "unknown-version",
  "error-object",
  "interface-index",
  "no-address",
] as const satisfies Answer[]

/**
 * Every fact of a call, stated once. The index's and the page's columns, filter fields, completion and the tables in
 * FORMAT.md are derived from it. A member of `Begin` or `End` that is missing here is a type error.
 */
export const CALL_FACTS = {
  command: {
    source: "env",
    column: "text",
    isShared: true,
    description: "CNI_COMMAND",
    field: {
      name: "command",
      kind: "choice",
      values: Object.keys(COMMANDS),
      isOpen: true,
      operation: "command",
      isCompleted: true,
    },
  },
  namespace: {
    source: "env",
    path: ["pod", "namespace"],
    column: "text",
    isShared: true,
    description: "namespace of the pod",
    field: { name: "namespace", kind: "text", operation: "pod", isCompleted: true },
  },
  podName: { source: "env", path: ["pod", "name"], column: "text", isShared: true, description: "name of the pod" },
  podUid: { source: "env", path: ["pod", "uid"], column: "text", isShared: true, description: "UID of the pod" },
  containerId: {
    source: "env",
    column: "text",
    isShared: true,
    description: "CNI_CONTAINERID",
    field: { name: "container", kind: "id", help: "beginning of the container ID", operation: "containerId" },
  },
  ifname: {
    source: "env",
    column: "text",
    isShared: true,
    description: "CNI_IFNAME",
    field: { name: "ifname", kind: "text", operation: "ifname", isCompleted: true },
  },
  netns: {
    source: "env",
    column: "text",
    isShared: true,
    description: "CNI_NETNS",
    field: { name: "netns", kind: "text", operation: "netns" },
  },
  network: {
    source: "stdin",
    column: "text",
    isShared: true,
    description: "name of the network (`name` of the configuration)",
    field: { name: "network", kind: "text", operation: "network", isCompleted: true },
  },
  cniVersion: {
    source: "stdin",
    column: "text",
    isShared: true,
    description: "cniVersion of the configuration",
    field: { name: "cniVersion", kind: "text", isCompleted: true },
  },
  state: {
    source: "reader",
    column: "choice",
    values: CALL_STATES,
    description: "ended, running, killed, unknown",
    field: { name: "state", kind: "choice", values: CALL_STATES },
  },
  answer: {
    source: "reader",
    column: "choice",
    values: ANSWERS,
    description: "why a runtime may not accept what the last plugin of a list printed, although it exited with 0",
  },

  id: {
    source: "begin",
    type: "string",
    column: "id",
    description: "the call's ID: 16 random hexadecimal digits",
  },
  parent: {
    source: "begin",
    type: "string, optional",
    column: "text",
    isIndexOnly: true,
    description:
      "ID of the call whose plugin started this one (bridge starts host-local). Absent at the top level, and if a process in between did not pass on the variable `CNITAP_CALL`",
  },
  depth: {
    source: "begin",
    type: "number",
    column: "uint16",
    description: "0 at the top level, plus one for each enclosing call",
    field: { name: "depth", kind: "number", range: [0, 1000] },
  },
  as: {
    source: "begin",
    type: "string",
    column: "choice",
    values: ["relay", "probe", "observer"],
    description:
      "`relay`: the relay ran a plugin. `probe`: the call was `cni_pre` or `cni_post`, which writes no end record. `observer`: it was followed from the kernel",
  },
  wallMs: {
    source: "begin",
    type: "number",
    column: "float64",
    description: "time of the record: milliseconds since 1970 UTC, with microseconds as decimals",
    field: {
      name: "time",
      kind: "time",
      help: "when it began: 10m (ago) or 2026-09-21T03:00:00Z",
      operation: "wallMs",
    },
  },
  monoMs: {
    source: "begin",
    type: "number",
    column: "float64",
    description:
      "the same time by `CLOCK_MONOTONIC`, in milliseconds. Comparable within one node and one boot; unaffected by clock changes",
  },
  node: {
    source: "begin",
    type: "string, optional",
    column: "text",
    isShared: true,
    description: "the host name (`uname -n`)",
    field: { name: "node", kind: "text", help: "node that recorded it", operation: "node", isCompleted: true },
  },
  pid: { source: "begin", type: "number", column: "uint32", description: "process ID of the relay" },
  ppid: {
    source: "begin",
    type: "number",
    column: "uint32",
    description: "process ID of its parent: the runtime, or the calling plugin",
  },
  recorderPid: {
    source: "begin",
    type: "number, optional",
    description: "process ID of the recorder, which writes the records and may end a moment after the relay",
  },
  parentName: {
    source: "begin",
    type: "string, optional",
    column: "text",
    isShared: true,
    description: "name of the parent process (`/proc/PID/comm`), at most 15 bytes: the runtime, an agent or a plugin",
    field: {
      name: "runtime",
      kind: "text",
      help: "process that made the call: containerd, crio, a plugin",
      operation: "runtime",
      isCompleted: true,
    },
  },
  plugin: {
    source: "begin",
    type: "string",
    column: "text",
    description: "base name of the executed path, which is the `type` in the network configuration",
    field: { name: "plugin", kind: "text", help: "type of the plugin", isCompleted: true },
  },
  path: { source: "begin", type: "string", description: "the executed path, as the caller wrote it" },
  argv: { source: "begin", type: "array of string", description: "the arguments, `argv[0]` first" },
  env: {
    source: "begin",
    type: "object",
    description: "names and values of the variables whose names begin with `CNI_` or `TRACE`",
  },
  envNames: {
    source: "begin",
    type: "array of string",
    description:
      "names of all other variables. Their values are not recorded, because a runtime's environment contains whatever its unit file sets",
  },
  original: {
    source: "begin",
    type: "object, optional",
    description:
      "`sizeBytes` and `modifiedMs` (milliseconds since 1970) of the real plugin's file, to tell two builds apart",
  },

  pluginPid: {
    source: "end",
    type: "number, optional",
    description: "process ID of the plugin. Absent if it could not be started",
    field: { name: "pluginPid", kind: "number", help: "process ID of the plugin" },
  },
  durationMs: {
    source: "end",
    type: "number",
    column: "float64",
    description: "milliseconds from just before the plugin was started until it was reaped, by the monotonic clock",
  },
  spawnMs: {
    source: "end",
    type: "number",
    column: "float64",
    description: "the part of `durationMs` until the plugin's program was loaded",
  },
  exit: {
    source: "end",
    type: "object",
    column: "exit",
    description:
      'one of `{"code":0}`: exit status, 0 to 255; `{"signal":9}`: number of the signal that killed it; `{"errno":13}`: error number with which it failed to start',
  },
  maxRssBytes: {
    source: "end",
    type: "number",
    path: ["usage", "maxRssBytes"],
    column: "float64",
    isIndexOnly: true,
    description:
      "the largest resident set of the plugin or of a child that it waited for (at least about 1 MB, the relay's own)",
    field: {
      name: "memory",
      kind: "size",
      help: "most memory that the plugin held",
      range: [0, Number.POSITIVE_INFINITY],
    },
  },
  userMs: {
    source: "end",
    type: "number",
    path: ["usage", "userMs"],
    description: "CPU time of the plugin and of the children that it waited for, in user mode, in milliseconds",
  },
  systemMs: {
    source: "end",
    type: "number",
    path: ["usage", "systemMs"],
    description: "the same in kernel mode",
  },

  stdin: {
    source: "either",
    type: "payload, optional",
    description: "what the plugin was given. It is in the end record if the caller did not close stdin within 10 ms",
  },
  stdout: { source: "end", type: "payload", description: "what the plugin answered" },
  stderr: { source: "end", type: "payload", description: "what the plugin logged" },
} as const satisfies Record<StatedFact, CallFact>

type StatedFact = Exclude<keyof Call, "pod" | "usage"> | "namespace" | "podName" | "podUid" | keyof UsageOf<Call>
type UsageOf<Value extends { usage?: object }> = NonNullable<Value["usage"]>

export type FactName = keyof typeof CALL_FACTS

/** Names of the filter fields that compare one fact. */
export type FactFieldName = {
  [Name in FactName]: (typeof CALL_FACTS)[Name] extends { field: { name: infer Field extends string } } ? Field : never
}[FactName]

type FactsWith<Property> = {
  [Name in FactName]: (typeof CALL_FACTS)[Name] extends Property ? Name : never
}[FactName]
/** Facts that columns hold as the number of a text. */
export type TextFact = FactsWith<{ column: "text" }>
/** Facts that columns hold as a number. */
export type NumberFact = FactsWith<{ column: Exclude<ColumnType, "id" | "text"> }>
/** Facts that only the index has a column for. */
type IndexOnlyFact = FactsWith<{ isIndexOnly: true }>
export type PageTextFact = Exclude<TextFact, IndexOnlyFact>
export type PageNumberFact = Exclude<NumberFact, IndexOnlyFact>
export type SharedFact = FactsWith<{ isShared: true; column: "text" }>
/** Columns that a begin line fills, and those that an end line fills. */
export type BeginTextFact = Extract<TextFact, FactsWith<{ source: "begin" | "env" | "stdin" }>>
export type BeginNumberFact = Extract<NumberFact, FactsWith<{ source: "begin" }>>
export type EndNumberFact = Extract<NumberFact, FactsWith<{ source: "end" }>>

export const FACT_NAMES = Object.keys(CALL_FACTS) as FactName[]

export function factOf(name: FactName): CallFact {
  return CALL_FACTS[name]
}

function factsWhere<Name extends FactName>(is: (fact: CallFact) => boolean): Name[] {
  return FACT_NAMES.filter((name) => is(factOf(name))) as Name[]
}

export const TEXT_FACTS = factsWhere<TextFact>(({ column }) => column === "text")
export const NUMBER_FACTS = factsWhere<NumberFact>((fact) => fact.column !== undefined && !isText(fact))
export const SHARED_FACTS = factsWhere<SharedFact>(({ isShared }) => isShared === true)
export const PAGE_TEXT_FACTS = TEXT_FACTS.filter((name): name is PageTextFact => !factOf(name).isIndexOnly)
export const PAGE_NUMBER_FACTS = NUMBER_FACTS.filter((name): name is PageNumberFact => !factOf(name).isIndexOnly)

function isText({ column }: CallFact): boolean {
  return column === "text" || column === "id"
}

/** The members of a call in its begin and end records, in the order of the records. */
export const BEGIN_MEMBERS = membersWhere(({ source }) => source === "begin" || source === "either")
export const END_MEMBERS = membersWhere(({ source }) => source === "end")

function membersWhere(is: (fact: CallFact) => boolean): (keyof Call)[] {
  const names = FACT_NAMES.filter((name) => is(factOf(name)))
  return [...new Set(names.map((name) => (factOf(name).path?.[0] ?? name) as keyof Call))]
}

/** Whether every call that was made from columns has the fact; for others the whole record must be read. */
export function isListed(name: FactName): boolean {
  const { column, isIndexOnly } = factOf(name)
  return column !== undefined && isIndexOnly !== true
}

type FactHolder = { [Name in string]?: unknown }

/** Reads a fact from a call, or from an operation that has it under the same path or as `member`. */
export function factReader(name: FactName, member: string = name): (holder: FactHolder) => unknown {
  const [object, inner] = factOf(name).path ?? []
  if (object === undefined || inner === undefined) return (holder) => holder[member]
  return (holder) => (holder[object] as FactHolder | undefined)?.[inner]
}

/** One value for each of the facts. */
export function perFact<Name extends FactName, Value>(
  names: readonly Name[],
  make: (name: Name) => Value,
): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>
}
