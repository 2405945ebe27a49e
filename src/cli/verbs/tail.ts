import { Fault } from "../../fault/fault.ts"
import { type Call, isFailed } from "../../model/call.ts"
import { duration, podName, stateText } from "../../model/format.ts"
import { isInRange, readSegments } from "../../store/capture/calls.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { Follower } from "../../store/capture/follower.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { recentSegments } from "../../store/capture/segments.ts"
import { parseCount } from "../args/count.ts"
import { namesOption } from "../args/option.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { addSelection, filterWords, type Selection, select } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { changesOf, requireStream } from "../follow.ts"
import { callOutput } from "../output/call-output.ts"
import { addOutput, outputFormat, printRows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import type { Verb } from "../verb.ts"

export const tail: Verb = {
  examples: [
    ["cnitap tail -f --failed", "failed calls as they end"],
    ["cnitap tail --last 50 --plugin calico", "the last 50 calls of one plugin"],
  ],
  define(command) {
    addOutput(addSelection(command))
      .argument("[filter...]", "a filter, as for --filter")
      .option("-f, --follow", "keep listing new calls until Ctrl-C")
      .option("-w, --watch", "the same as --follow, as in kubectl")
      .option("--last <number>", "number of past calls to list first", "10")
  },
  async run(context, [words], options) {
    const last = parseCount(options.last, "--last", 20)
    const count = /^-(\d+)$/.exec(filterWords(words))?.[1]
    if (count !== undefined) throw new Fault("USAGE", `-${count} is not a filter`, `Write --last ${count}.`)
    const [number] = namesOption(options.namespace) ?? []
    // tail(1) and docker logs have -n for lines; a Kubernetes tool has it for the namespace.
    if (number !== undefined && /^\d+$/.test(number))
      throw new Fault(
        "USAGE",
        `-n ${number} is the namespace ${number}, not a number of calls`,
        `Write --last ${number}, or the filter namespace=${number}.`,
      )
    const selection = await select(context, options, filterWords(words))
    const follows = (options.follow === true || options.watch === true) && selection.capture.isLive
    if (follows) requireStream(outputFormat(options))
    const calls = follows ? following(context, selection, last) : await lastCalls(selection, last)
    const found = await printRows(context, options, callTable, calls)
    await reportReadErrors(context, selection, found)
  },
}

export const callTable: Table<Call, "Call"> = {
  kind: "Call",
  value: callOutput,
  name: ({ id }) => `call/${id}`,
  empty: "no call found",
  columns: [
    { title: "STARTED", text: ({ wallMs }) => new Date(wallMs).toISOString().slice(11) },
    { title: "DATE", isWide: true, text: ({ wallMs }) => new Date(wallMs).toISOString().slice(0, 10) },
    { title: "NODE", isWide: "of several", text: ({ node }) => node ?? "" },
    { title: "COMMAND", text: ({ command }) => command },
    { title: "POD", text: podName },
    { title: "NETWORK", isWide: true, text: ({ network }) => network ?? "" },
    { title: "PLUGIN", text: ({ plugin, depth }) => `${"  ".repeat(depth)}${plugin}` },
    { title: "DURATION", alignRight: true, text: ({ durationMs }) => duration(durationMs) },
    {
      title: "OUTCOME",
      text: stateText,
      colour: (call) => (isFailed(call) ? "red" : call.state === "ended" ? "green" : "yellow"),
    },
    { title: "ID", text: ({ id }) => id, colour: () => "dim" },
  ],
}

/** In the order they ended, captures of several nodes merged. */
async function lastCalls(selection: Selection, last: number): Promise<Call[]> {
  const { parts } = selection.capture
  if (!parts) return lastCallsOf(selection.capture, selection, last)
  const calls: Call[] = []
  for (const part of parts) calls.push(...(await lastCallsOf(part, selection, last)))
  return last > 0 ? calls.sort((a, b) => endMsOf(a) - endMsOf(b)).slice(-last) : []
}

/** By which calls are sorted in the order they ended; those that have not are last. */
export function endMsOf({ wallMs, durationMs }: Call): number {
  return durationMs === undefined ? Number.MAX_VALUE : wallMs + durationMs
}

/** Reads segments from the newest backwards, as far as needed; a call may end in the hour after it started. */
async function lastCallsOf(
  capture: Capture,
  { readErrors, range, matchesCall }: Selection,
  last: number,
): Promise<Call[]> {
  const segments = (await capture.segments()).filter((segment) => isInRange(segment, range))
  for (let from = segments.length - 1; from > 0; from -= Math.max(1, segments.length - from)) {
    const found = await keepLast(readSegments(capture, segments.slice(from), new ReadErrors()), matchesCall, last)
    if (found.length >= last) return found
  }
  return keepLast(readSegments(capture, segments, readErrors), matchesCall, last)
}

async function* following(context: Context, selection: Selection, last: number): AsyncGenerator<Call> {
  const { capture, readErrors, matchesCall } = selection
  const follower = new Follower(capture, readErrors)
  const segments = await capture.segments()
  const recent = new Set(recentSegments(segments))
  for (const segment of segments) if (!recent.has(segment)) follower.skip(segment)
  // The second reading finds the calls that were killed before: they are past calls too.
  const past = async function* () {
    yield* follower.nextEnded()
    yield* follower.nextEnded()
  }
  yield* await keepLast(past(), matchesCall, last)
  for await (const _ of changesOf(context, capture))
    for await (const call of follower.nextEnded()) if (matchesCall(call)) yield call
}

async function keepLast(calls: AsyncIterable<Call>, matches: (call: Call) => boolean, last: number): Promise<Call[]> {
  const found: Call[] = []
  for await (const call of calls) {
    if (!matches(call)) continue
    found.push(call)
    if (found.length > 2 * last + 16) found.splice(0, found.length - last)
  }
  return last > 0 ? found.slice(-last) : []
}
