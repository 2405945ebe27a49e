import { SIGNALS } from "../../capture/record.ts"
import { type Call, jsonObject, type Pod, podKey, resultOf, STREAMS } from "../call.ts"
import {
  FACT_NAMES,
  type FactField,
  type FactFieldName,
  type FactName,
  factOf,
  factReader,
  isListed,
} from "../call-schema.ts"
import { type Operation, walk } from "../operation.ts"
import { callOutcome, type Outcome } from "../outcome.ts"
import type { CallSummary, OperationSummary } from "../packed-operations.ts"
import { addressesOf, errorTexts } from "../result/result-fields.ts"
import { joinedTexts, listedTexts, listedTextsOf } from "./listed-texts.ts"

/**
 * How the values of a field are written and compared. `id`: `=` compares beginnings. `choice`: one of `values`,
 * case-insensitive. `stream`: text of any length.
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

/** What must be read of a call: a list's columns, its whole records, or also what its streams contain. */
export type FieldSource = "list" | "record" | "stream"

export type Field = {
  kind: FieldKind
  /** one line for help and completion */
  help: string
  /** the facts that its values are computed from */
  facts: readonly FactName[]
  /** values of one call; without `operation`, an operation as a whole has none. `summary`: of a call without streams */
  call(call: Call, nowMs: number | undefined, summary?: CallSummary): readonly (Value | undefined)[]
  operation?(operation: FilteredOperation, nowMs: number | undefined): readonly (Value | undefined)[]
  /** the values of an operation as one text in lower case, kept: a word is searched for in thousands at each key */
  joined?(operation: FilteredOperation): string
  values?: readonly string[]
  /** values beyond `values` may be recorded */
  isOpen?: true
  /** an inclusive range that no value leaves */
  range?: readonly [number, number]
  /** one call can have several */
  isMany?: true
  /** completion offers the values of this fact that occur in the capture */
  completedBy?: FactName
  /** the fact whose value it is, if it is not computed */
  fact?: FactName
}

/** With streams, or with summaries in their place. */
export type FilteredOperation = Operation | OperationSummary

const OUTCOMES: readonly Outcome[] = ["ok", "failed", "running", "killed", "unknown"]

/** Fields that are more than one fact of `CALL_FACTS` as it is. */
const COMPUTED_FIELDS = {
  pod: {
    kind: "text",
    help: "NAME or NAMESPACE/NAME of the pod",
    facts: ["namespace", "podName"],
    completedBy: "podName",
    call: podNames,
    operation: podNames,
  },
  id: {
    kind: "id",
    help: "beginning of the ID of a call or operation",
    facts: ["id"],
    isMany: true,
    call: ({ id }) => [id],
    operation: ({ calls }) => walk(calls).map(({ call }) => call.id),
  },
  outcome: {
    kind: "choice",
    help: "ok, failed, running, killed, unknown",
    facts: ["state", "exit", "answer"],
    values: OUTCOMES,
    call: (call) => [callOutcome(call)],
    operation: ({ outcome }) => [outcome],
  },
  exit: {
    kind: "number",
    help: "exit status as a shell reports it: 128 + n for signal n, 127 if the plugin could not be started",
    facts: ["exit", "state"],
    range: [0, 255],
    call: (call) => [exitStatus(call)],
  },
  signal: {
    kind: "signal",
    help: "signal that ended the plugin, by name or number",
    facts: ["exit"],
    values: Object.values(SIGNALS),
    range: [1, 64],
    call: ({ exit }) => [exit && "signal" in exit ? exit.signal : undefined],
  },
  duration: {
    kind: "duration",
    help: "how long it took, or has been running",
    facts: ["durationMs", "state", "wallMs"],
    range: [0, Number.POSITIVE_INFINITY],
    call: durationOf,
    operation: durationOf,
  },
  code: {
    kind: "number",
    help: "code of the CNI error that the plugin printed",
    facts: ["stdout"],
    call: ({ stdout }) => [numberIn(jsonObject(stdout)?.code)],
  },
  msg: {
    kind: "stream",
    help: "msg and details of the CNI error that the plugin printed",
    facts: ["stdout"],
    call: ({ stdout }) => errorTexts(jsonObject(stdout)),
  },
  ip: {
    kind: "address",
    help: "address in the result; =10.1.0.0/16 finds all addresses of a network",
    facts: ["as", "command", "stdin", "stdout"],
    isMany: true,
    call: (call) => addressesOf(resultOf(call)),
  },
  stdin: { kind: "stream", help: "what the plugin was given", facts: ["stdin"], call: ({ stdin }) => bytesOf(stdin) },
  stdout: { kind: "stream", help: "what it printed", facts: ["stdout"], call: ({ stdout }) => bytesOf(stdout) },
  stderr: { kind: "stream", help: "what it logged", facts: ["stderr"], call: ({ stderr }) => bytesOf(stderr) },
  text: {
    kind: "stream",
    help: "names, IDs and the error: a word alone is searched for here",
    facts: [
      "id",
      "command",
      "plugin",
      "namespace",
      "podName",
      "containerId",
      "network",
      "ifname",
      "netns",
      "node",
      "podUid",
      "state",
      "exit",
    ],
    isMany: true,
    call: (call, _nowMs, summary) => listedTexts(call, summary),
    operation: listedTextsOf,
    joined: joinedTexts,
  },
} as const satisfies Record<string, Field>

export type FieldName = FactFieldName | keyof typeof COMPUTED_FIELDS

const { command, plugin, ...otherFacts } = factFields()
const { pod, ...otherComputed } = COMPUTED_FIELDS

/** Every field that a filter can name, in the order of the help: the most used ones first. */
export const FIELDS: Readonly<Record<FieldName, Field>> = { command, plugin, pod, ...otherFacts, ...otherComputed }

export const FIELD_NAMES = Object.keys(FIELDS) as FieldName[]

/** Shorter spellings. */
export const FIELD_ALIASES: Readonly<Record<string, FieldName>> = { ns: "namespace" }

export function fieldOf(name: FieldName): Field {
  return FIELDS[name]
}

/** The field of that name, case-insensitive and with or without hyphens, or by its alias. */
export function findField(text: string): FieldName | undefined {
  const lower = text.toLowerCase().replaceAll("-", "")
  return FIELD_ALIASES[lower] ?? FIELD_NAMES.find((name) => name.toLowerCase() === lower)
}

/** What a reader must have of a call to know the value of a field. */
export function fieldSource(name: FieldName): FieldSource {
  const { facts } = fieldOf(name)
  if (facts.some((fact) => STREAMS.some((stream) => stream === fact))) return "stream"
  return facts.every(isListed) ? "list" : "record"
}

function factFields(): Record<FactFieldName, Field> {
  const fields: Record<string, Field> = {}
  for (const fact of FACT_NAMES) {
    const { field, description } = factOf(fact)
    if (field) fields[field.name] = factField(fact, field, description)
  }
  return fields
}

function factField(
  fact: FactName,
  { name: _name, help, operation: member, isCompleted, ...rest }: FactField,
  description: string,
): Field {
  const ofCall = factReader(fact)
  const ofOperation = member && factReader(fact, member)
  return {
    ...rest,
    help: help ?? description,
    facts: [fact],
    fact,
    call: (call) => [ofCall(call) as Value | undefined],
    ...(ofOperation ? { operation: (operation) => [ofOperation(operation) as Value | undefined] } : {}),
    ...(isCompleted ? { completedBy: fact } : {}),
  }
}

/**
 * `exit!=0` is meant to find what failed. A relay without an end record was killed together with its plugin by the
 * runtime, which only SIGKILL can do.
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

function podNames({ pod }: { pod?: Pod }): readonly (string | undefined)[] {
  return pod ? [pod.name, podKey(pod)] : []
}

function bytesOf(payload: Call["stdin"]): readonly (string | undefined)[] {
  return [payload && ("text" in payload ? payload.text : payload.base64)]
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined
}
