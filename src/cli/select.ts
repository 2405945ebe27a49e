import type { Command } from "commander"
import { Fault } from "../fault/fault.ts"
import { type Call, isFailed } from "../model/call.ts"
import { type Operation, walk } from "../model/operation.ts"
import { readCalls, type TimeRange } from "../store/calls.ts"
import { type Capture, DEFAULT_CAPTURE, openCapture } from "../store/capture.ts"
import { Damage } from "../store/damage.ts"
import { readOperations } from "../store/operations.ts"
import type { Context } from "./context.ts"
import { parseDuration, parseTime } from "./time.ts"

/** What a reading verb works on: a capture, and which of its calls are wanted. */
export type Selection = {
  capture: Capture
  range: TimeRange
  /** lines that could not be read so far; `reportDamage` tells people at the end */
  damage: Damage
  matchesCall(call: Call): boolean
  /** one of its calls matches, and `--slower-than` holds for the whole */
  matchesOperation(operation: Operation): boolean
  calls(): AsyncGenerator<Call>
  operations(): AsyncGenerator<Operation>
}

export function addCapture(command: Command): Command {
  return command
    .option("--capture <directory>", `capture directory (default: $CNITAP_CAPTURE, else ${DEFAULT_CAPTURE})`)
    .option("--from <bundle>", "read a bundle file instead of a directory")
}

/** The flags that choose calls. The same flag again means or, different flags mean and. */
export function addSelection(command: Command): Command {
  return addCapture(command)
    .option("-n, --namespace <name>", "pods of this namespace", collect)
    .option("--pod <name>", "this pod: NAME or NAMESPACE/NAME", collect)
    .option("--command <command>", "ADD, DEL, CHECK, GC, STATUS or VERSION", collect)
    .option("--plugin <type>", "calls of this plugin", collect)
    .option("--failed", "failed or killed calls only")
    .option("--since <time>", "started after: 10m (ago) or 2026-09-21T03:00:00Z")
    .option("--until <time>", "started before: 10m (ago) or 2026-09-21T03:00:00Z")
    .option("--slower-than <duration>", "took longer: 500ms, 2s")
}

export async function openSelected(context: Context, options: Record<string, unknown>): Promise<Capture> {
  return openCapture(text(options.capture) ?? context.env.CNITAP_CAPTURE ?? DEFAULT_CAPTURE)
}

export async function select(context: Context, options: Record<string, unknown>): Promise<Selection> {
  const damage = new Damage()
  const range = timeRange(options, context.nowMs())
  const slowerThanMs = slowerThan(options)
  const tests = [...flagTests(options)]
  const matchesCall = (call: Call) =>
    tests.every((test) => test(call)) && (slowerThanMs === undefined || (call.durationMs ?? 0) > slowerThanMs)
  const capture = await openSelected(context, options)
  const selection: Selection = {
    capture,
    range,
    damage,
    matchesCall,
    matchesOperation(operation) {
      if (slowerThanMs !== undefined && (operation.durationMs ?? 0) <= slowerThanMs) return false
      if (tests.length === 0) return true
      for (const { call } of walk(operation.calls)) if (tests.every((test) => test(call))) return true
      return false
    },
    async *calls() {
      for await (const call of readCalls(capture, damage, range)) if (matchesCall(call)) yield call
    },
    async *operations() {
      for await (const operation of readOperations(capture, damage, range)) {
        if (selection.matchesOperation(operation)) yield operation
      }
    },
  }
  return selection
}

const WORDS = {
  torn: "torn (a killed or full-disk write)",
  newer: "of a newer format (read them with a newer cnitap)",
  unknown: "of an unknown kind",
  foreign: "no record at all",
  oversize: "too long to be a record",
  orphan: "the end of a call whose beginning is not in the capture (pruned)",
}

/** Says on stderr what could not be read. Where nothing could, because all of it is newer or foreign, that is a fault. */
export function reportDamage(context: Context, { damage, capture }: Selection, found: number): void {
  const counts = damage.list()
  if (counts.length === 0) return
  const newer = counts.find(({ kind }) => kind === "newer")
  if (found === 0 && newer) {
    throw new Fault(
      "FORMAT_NEWER",
      `${capture.path} was written in a newer format (${newer.first})`,
      "Read it with a newer cnitap.",
    )
  }
  if (found === 0 && counts.every(({ kind }) => kind === "foreign")) {
    throw new Fault(
      "CAPTURE_FOREIGN",
      `${capture.path} holds no record (${counts[0]?.first})`,
      "Name a capture directory with --capture.",
    )
  }
  for (const { kind, lines, first } of counts) {
    context.stderr.write(
      `cnitap: ${lines} ${lines === 1 ? "line" : "lines"} not read: ${WORDS[kind]}, first at ${first}\n`,
    )
  }
}

function* flagTests(options: Record<string, unknown>): Generator<(call: Call) => boolean> {
  const namespaces = list(options.namespace)
  if (namespaces.length > 0) yield ({ pod }) => pod !== undefined && namespaces.includes(pod.namespace)
  const pods = list(options.pod)
  if (pods.length > 0) {
    yield ({ pod }) => pod !== undefined && (pods.includes(pod.name) || pods.includes(`${pod.namespace}/${pod.name}`))
  }
  const commands = list(options.command).map((command) => command.toUpperCase())
  if (commands.length > 0) yield ({ command }) => commands.includes(command)
  const plugins = list(options.plugin)
  if (plugins.length > 0) yield ({ plugin }) => plugins.includes(plugin)
  if (options.failed === true) yield isFailed
}

function timeRange(options: Record<string, unknown>, nowMs: number): TimeRange {
  const since = text(options.since)
  const until = text(options.until)
  return {
    ...(since === undefined ? {} : { sinceMs: parseTime(since, nowMs, "--since") }),
    ...(until === undefined ? {} : { untilMs: parseTime(until, nowMs, "--until") }),
  }
}

function slowerThan(options: Record<string, unknown>): number | undefined {
  const given = text(options.slowerThan)
  const durationMs = given === undefined ? undefined : parseDuration(given)
  if (given !== undefined && durationMs === undefined) {
    throw new Fault("USAGE", `--slower-than ${given} is no duration`, "Write --slower-than 500ms or --slower-than 2s.")
  }
  return durationMs
}

function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value]
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}
