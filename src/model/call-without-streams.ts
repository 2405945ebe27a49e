import type { Begin } from "../capture/record.ts"
import type { Call, Pod } from "./call.ts"
import {
  ANSWERS,
  CALL_FACTS,
  CALL_STATES,
  factOf,
  NUMBER_FACTS,
  type NumberFact,
  TEXT_FACTS,
  type TextFact,
} from "./call-schema.ts"
import { exitOf } from "./exit-number.ts"

/** Where the facts of one call are read from: a row of an index or of the page's columns, or a line's header. */
export interface FactReader {
  id(): string
  /** undefined or empty if there is none */
  text(name: TextFact): string | undefined
  /** NaN if there is none */
  number(name: NumberFact): number
}

/** The one maker of a call from columns: without streams, environment, arguments and resource usage. */
export function callWithoutStreams(facts: FactReader): Call {
  const call: Call = {
    id: facts.id(),
    depth: facts.number("depth"),
    as: CALL_FACTS.as.values[facts.number("as")] ?? "relay",
    pid: facts.number("pid"),
    ppid: facts.number("ppid"),
    plugin: facts.text("plugin") ?? "",
    ...NOT_LISTED,
    command: facts.text("command") ?? "",
    wallMs: facts.number("wallMs"),
    monoMs: facts.number("monoMs"),
    state: CALL_STATES[facts.number("state")] ?? "unknown",
  }
  for (const name of OPTIONAL_TEXTS) {
    const text = facts.text(name)
    if (text) call[name] = text
  }
  const podName = facts.text("podName")
  if (podName) call.pod = sharedPod(facts.text("namespace"), podName, facts.text("podUid"))
  const exit = exitOf(facts.number("exit"))
  if (exit) call.exit = exit
  const answer = ANSWERS[facts.number("answer")]
  if (answer && answer !== "result") call.answer = answer
  for (const name of OPTIONAL_NUMBERS) {
    const number = facts.number(name)
    if (!Number.isNaN(number)) call[name] = number
  }
  return call
}

/** The pod of the call before: all calls of an operation have the same, and share it. */
let lastPod: Pod = { name: "" }

function sharedPod(namespace: string | undefined, name: string, uid: string | undefined): Pod {
  const isSame =
    lastPod.name === name && (lastPod.namespace ?? "") === (namespace ?? "") && (lastPod.uid ?? "") === (uid ?? "")
  if (!isSame)
    lastPod = namespace ? (uid ? { namespace, name, uid } : { namespace, name }) : uid ? { name, uid } : { name }
  return lastPod
}

/** The same of a call that was read as a whole. */
export function withoutStreams(call: Call): Call {
  const listed = Object.entries(call).filter(([member]) => COLUMN_MEMBERS.has(member))
  return { ...(Object.fromEntries(listed) as Call), ...NOT_LISTED }
}

const NOT_LISTED: Pick<Begin, "path" | "argv" | "env" | "envNames"> = { path: "", argv: [], env: {}, envNames: [] }

type InsideFact = "namespace" | "podName" | "podUid" | "maxRssBytes"
/** The type of the call above requires these: one that is missing there is a type error. */
const REQUIRED = ["plugin", "command", "depth", "as", "pid", "ppid", "wallMs", "monoMs", "state"] as const
type OptionalText = Exclude<TextFact, (typeof REQUIRED)[number] | InsideFact>
type OptionalNumber = Exclude<NumberFact, (typeof REQUIRED)[number] | InsideFact | "exit" | "answer">

const OPTIONAL_TEXTS = TEXT_FACTS.filter((name): name is OptionalText => isOptional(name))
const OPTIONAL_NUMBERS = NUMBER_FACTS.filter(
  (name): name is OptionalNumber => name !== "exit" && name !== "answer" && isOptional(name),
)

const COLUMN_MEMBERS = new Set<string>([
  "id",
  "pod",
  "exit",
  "answer",
  ...REQUIRED,
  ...OPTIONAL_TEXTS,
  ...OPTIONAL_NUMBERS,
])

function isOptional(name: TextFact | NumberFact): boolean {
  return factOf(name).path === undefined && !(REQUIRED as readonly string[]).includes(name)
}
