import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import type { Call } from "../../model/call.ts"
import { allOf, type Filter } from "../../model/filter/filter.ts"
import { toMatcher } from "../../model/filter/match.ts"
import { parseFilter } from "../../model/filter/parse.ts"
import { filterErrorText, operandText } from "../../model/filter/text.ts"
import type { TimeRange } from "../../model/filter/time-range.ts"
import { whyUnsatisfiable } from "../../model/filter/unsatisfiable.ts"
import type { CurrentLists } from "../../model/incomplete-list.ts"
import { type Operation, walk } from "../../model/operation.ts"
import { parseDuration } from "../../model/time.ts"
import type { Capture } from "../../store/capture/capture.ts"
import type { Progress } from "../../store/capture/progress.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { withPluginPid } from "../../store/node/process.ts"
import { readOperations } from "../../store/query/operations.ts"
import type { Context } from "../context.ts"
import { currentListsOf } from "../node/node-evidence.ts"
import { progressBar } from "../terminal/progress.ts"
import { addCaptures, openCaptures } from "./captures.ts"
import { collectNames, namesOption, textOption } from "./option.ts"
import { parseTime } from "./time.ts"

/** A capture and the calls of it that a verb is to show. */
export type Selection = {
  capture: Capture
  /** the flags that it was made from */
  options: Readonly<Record<string, unknown>>
  range: TimeRange
  /** lines that could not be read so far; `reportReadErrors` prints them at the end */
  readErrors: ReadErrors
  /** whether it started in the time range and matches the filter */
  matchesCall(call: Call): boolean
  matchesOperation(operation: Operation): boolean
  filter: Filter
  /** draws a progress bar on a terminal */
  progress: Progress | undefined
  /** the present plugin lists of this node, if the capture is its own */
  currentLists: CurrentLists | undefined
  /** the same, read again at each call, for a command that runs as long as the node's lists may change */
  readLists(): CurrentLists | undefined
  /** calls that have not ended */
  openCalls(): AsyncGenerator<Call>
  operations(order?: ReadingOrder): AsyncGenerator<Operation>
  /** the same without streams and environment; many times faster for large captures */
  lightOperations(order?: ReadingOrder): AsyncGenerator<Operation>
}

/** In the order they started, unless the newest is to come first. */
type ReadingOrder = { newestFirst: boolean }

/** The flags that select calls. Repeated flags and commas mean `or`; different flags mean `and`. */
export function addSelection(command: Command): Command {
  return addCaptures(command)
    .option("-n, --namespace <name>", "pods of this namespace", collectNames)
    .option("-A, --all-namespaces", "pods of all namespaces (the default)")
    .option("--pod <name>", "this pod: NAME or NAMESPACE/NAME", collectNames)
    .option("--command <command>", "ADD, DEL, CHECK, GC, STATUS or VERSION", collectNames)
    .option("--plugin <type>", "calls of this plugin", collectNames)
    .option("--failed", "only failed or killed calls")
    .option("--since <time>", "started after: 10m (ago), yesterday (UTC) or 2026-09-21T03:00:00Z")
    .option("--until <time>", "started before: 10m (ago), yesterday (UTC) or 2026-09-21T03:00:00Z")
    .option("--slower-than <duration>", "took longer: 500ms, 2s")
    .option("--filter <text>", "a filter: 'plugin=calico and duration>500ms and exit!=0' (`cnitap help filter`)")
}

export async function select(context: Context, options: Record<string, unknown>, words = ""): Promise<Selection> {
  // Before a capture is opened, so that mistakes in the command line are reported first.
  const wanted = wantedCalls(context, options, words)
  return selectionOf(await openCaptures(context, options), wanted, context, options)
}

/** The same of a capture that is open already. */
export function selectFrom(capture: Capture, context: Context, options: Record<string, unknown>): Selection {
  return selectionOf(capture, wantedCalls(context, options, ""), context, options)
}

type WantedCalls = { nowMs: number; range: TimeRange; filter: Filter }

function wantedCalls(context: Context, options: Record<string, unknown>, words: string): WantedCalls {
  const nowMs = context.nowMs()
  return { nowMs, range: timeRange(options, nowMs), filter: wantedFilter(options, words, nowMs) }
}

function selectionOf(
  capture: Capture,
  { nowMs, range, filter }: WantedCalls,
  context: Context,
  options: Record<string, unknown>,
): Selection {
  const readErrors = new ReadErrors()
  const matcher = toMatcher(filter, nowMs)
  const progress = progressBar(context)
  const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = range
  const isInTime = ({ wallMs }: { wallMs: number }) => wallMs >= sinceMs && wallMs <= untilMs
  const currentLists = currentListsOf(options, capture)
  const reading = { filter, nowMs, progress, currentLists }
  const matchesCall = (call: Call) => isInTime(call) && matcher.call(call)
  return {
    capture,
    options,
    range,
    readErrors,
    filter,
    progress,
    currentLists,
    readLists: () => currentListsOf(options, capture),
    matchesCall,
    matchesOperation: (operation) => isInTime(operation) && matcher.operation(operation),
    async *openCalls() {
      for await (const { calls } of readOperations(capture, readErrors, {}, { filter: OPEN, progress })) {
        for (const node of walk(calls)) {
          const call = withPluginPid(node.call, capture.root)
          if (call.state !== "ended" && matchesCall(call)) yield call
        }
      }
    },
    operations: (order) => readOperations(capture, readErrors, range, { ...reading, ...order }),
    lightOperations: (order) =>
      readOperations(capture, readErrors, range, { ...reading, withoutStreams: true, ...order }),
  }
}

const OPEN: Filter = { kind: "test", field: "state", operator: "!=", values: [{ kind: "text", text: "ended" }] }

const CHOOSING = ["namespace", "pod", "command", "plugin", "failed", "since", "until", "slowerThan", "filter"]

/** Whether a flag or filter that selects calls was given. */
export function isChoosing(options: Record<string, unknown>): boolean {
  return CHOOSING.some((name) => options[name] !== undefined)
}

/** The filter in the arguments, which the shell has split at spaces. */
export function filterWords(words: unknown): string {
  return namesOption(words)?.join(" ") ?? ""
}

/** The flags and the filter text as one filter. A filter that can never match is reported as an error. */
function wantedFilter(options: Record<string, unknown>, words: string, nowMs: number): Filter {
  const filter = allOf(
    [words, textOption(options.filter) ?? "", ...flagTexts(options)].map((part) => parsed(part, nowMs)),
  )
  const never = whyUnsatisfiable(filter)
  if (never) throw new Fault("USAGE", `nothing can match: ${never.message}`, "Change or remove that condition.")
  return filter
}

function parsed(part: string, nowMs: number): Filter {
  const result = parseFilter(part, nowMs)
  if (result.ok) return result.filter
  throw new Fault("USAGE", filterErrorText(part, result.error), "See `cnitap help filter` for the grammar.")
}

/** Each flag as a filter condition. */
function* flagTexts(options: Record<string, unknown>): Generator<string> {
  for (const field of ["namespace", "pod", "command", "plugin"] as const) {
    const values = namesOption(options[field]) ?? []
    if (field === "namespace" && options.allNamespaces === true) continue
    if (values.length > 0) yield `${field} in (${values.map(operand).join(", ")})`
  }
  if (options.failed === true) yield "failed"
  const slowerThan = textOption(options.slowerThan)
  if (slowerThan !== undefined) {
    if (parseDuration(slowerThan) === undefined) {
      throw new Fault("USAGE", `--slower-than ${slowerThan} is not a duration`, "Write --slower-than 500ms or 2s.")
    }
    yield `duration>${slowerThan}`
  }
}

function operand(value: string): string {
  return operandText({ kind: value.includes("*") ? "glob" : "text", text: value })
}

function timeRange(options: Record<string, unknown>, nowMs: number): TimeRange {
  const since = textOption(options.since)
  const until = textOption(options.until)
  const sinceMs = since === undefined ? undefined : parseTime(since, nowMs, "--since")
  const untilMs = until === undefined ? undefined : parseTime(until, nowMs, "--until")
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs)
    throw new Fault("USAGE", `nothing can match: --since ${since} is after --until ${until}`, "Swap the two.")
  return { ...(sinceMs === undefined ? {} : { sinceMs }), ...(untilMs === undefined ? {} : { untilMs }) }
}
