import { gapText, isProblem } from "../../install/status/recording-gap.ts"
import type { Call } from "../../model/call.ts"
import { writtenSoFar } from "../../model/explain/error-text.ts"
import { duration, podName } from "../../model/format.ts"
import { HANG_MS } from "../../model/lint/rules/process-rules.ts"
import { waitText } from "../../model/process-wait.ts"
import { readSegments } from "../../store/capture/calls.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { recentSegments } from "../../store/capture/segments.ts"
import { withPluginPid } from "../../store/node/process.ts"
import { readProcessWait } from "../../store/node/wait/read-process-wait.ts"
import { textOption } from "../args/option.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { addSelection, filterWords, type Selection, select } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { changesOf } from "../follow.ts"
import { gapsOfCapture } from "../node/known-installs.ts"
import { type CallOutput, callOutput } from "../output/call-output.ts"
import { installCommand, nodeCommand } from "../render/command-text.ts"
import { addOutput, outputFormat, printRows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import { requireScreen, screenHead } from "../terminal/redraw.ts"
import type { Verb } from "../verb.ts"

export const ps: Verb = {
  description: `A call that has run for ${HANG_MS / 1000} seconds is marked HANG. On the node, -o wide and -o json also show what its plugin waits for: a lock and its holder, the peers of its sockets, or a function of the kernel.`,
  examples: [
    ["cnitap ps -o wide", "also what their plugins wait for, and what they wrote so far"],
    ["cnitap ps -w", "the same, redrawn every second"],
    ["cnitap ps --all --since 1h", "also calls whose process was killed before it ended"],
  ],
  define(command) {
    addOutput(addSelection(command))
      .argument("[filter...]", "a filter, as for --filter")
      .option("-a, --all", "also killed calls: they never ended, and their process is gone")
      .option("-w, --watch", "redraw once a second until Ctrl-C")
  },
  async run(context, [words], options) {
    const selection = await select(context, options, filterWords(words))
    if (options.watch === true) {
      await watch(context, options, selection)
      return
    }
    const calls = await openCalls(selection.openCalls(), options)
    const found = await printRows(context, options, inFlightTable(context.nowMs()), withWaits(calls, options))
    await reportReadErrors(context, selection, found)
    for (const text of await gapLines(context, selection, options)) context.stderr.write(`cnitap: ${text}\n`)
  },
}

async function openCalls(calls: AsyncIterable<Call>, options: Record<string, unknown>): Promise<Call[]> {
  const open: Call[] = []
  for await (const call of calls) {
    if (call.state === "running" || (options.all === true && call.state !== "ended")) open.push(call)
  }
  return open.sort((a, b) => a.wallMs - b.wallMs)
}

export type CallInFlight = Call & Pick<CallOutput, "waitsIn">

/** Reads what plugins wait for, for the formats that show it. */
function withWaits(calls: readonly Call[], options: Record<string, unknown>): CallInFlight[] {
  const { kind } = outputFormat(options)
  if (kind === "table" || kind === "name") return [...calls]
  return calls.map((call) => {
    const waitsIn = readProcessWait(call, textOption(options.root))
    return waitsIn === undefined ? call : { ...call, waitsIn }
  })
}

/** Calls of a plugin that is not recorded are not in flight for cnitap: a call that hangs must not look like no call. */
async function gapLines(
  { nowMs }: Context,
  { capture }: Selection,
  options: Record<string, unknown>,
): Promise<string[]> {
  const found = await gapsOfCapture(capture)
  const { gaps = [], wanted } = found ?? {}
  return gaps.filter(isProblem).map((gap) => {
    const isMissing = gap.cause === "missing" || wanted === undefined
    return `${gapText(gap)} (${isMissing ? nodeCommand("doctor", options) : installCommand(wanted, options, nowMs())})`
  })
}

const REPAINT_MS = 1000
const GAPS_MS = 30_000

/** Redraws the screen once a second. */
async function watch(context: Context, options: Record<string, unknown>, selection: Selection): Promise<void> {
  const { capture, matchesCall } = selection
  requireScreen(context, options)
  let paintedMs = Number.NEGATIVE_INFINITY
  let gaps: string[] = []
  let gapsReadMs = Number.NEGATIVE_INFINITY
  for await (const _ of changesOf(context, capture)) {
    const nowMs = context.nowMs()
    if (nowMs - paintedMs < REPAINT_MS) continue
    paintedMs = nowMs
    const segments = recentSegments(await capture.segments())
    const calls = await openCalls(readSegments(capture, segments, new ReadErrors()), options)
    if (nowMs - gapsReadMs >= GAPS_MS) {
      gaps = await gapLines(context, selection, options)
      gapsReadMs = nowMs
    }
    context.stdout.write(screenHead(nowMs))
    await printRows(
      context,
      options,
      inFlightTable(nowMs),
      calls.map((call) => withPluginPid(call, capture.root)).filter(matchesCall),
    )
    for (const text of gaps) context.stdout.write(`${text}\n`)
  }
}

export function inFlightTable(nowMs: number): Table<CallInFlight, "Call"> {
  return {
    kind: "Call",
    name: ({ id }) => `call/${id}`,
    value: (call) => ({ ...callOutput(call), runningMs: Math.max(0, nowMs - call.wallMs) }),
    empty: "no call in flight",
    columns: [
      { title: "ID", text: ({ id }) => id, colour: () => "dim" },
      {
        title: "RUNNING",
        alignRight: true,
        text: ({ wallMs }) => duration(Math.max(0, nowMs - wallMs)),
        colour: (call) => (isHang(call, nowMs) ? "red" : undefined),
      },
      { title: "STATE", text: (call) => (isHang(call, nowMs) ? "HANG" : call.state) },
      { title: "COMMAND", text: ({ command }) => command },
      { title: "PLUGIN", text: ({ plugin }) => plugin },
      { title: "POD", text: podName },
      { title: "PID", alignRight: true, text: ({ pid }) => String(pid) },
      { title: "PLUGIN PID", alignRight: true, text: ({ pluginPid }) => (pluginPid ? String(pluginPid) : "-") },
      { title: "NODE", isWide: "of several", text: ({ node }) => node ?? "" },
      { title: "PARENT", isWide: true, text: ({ ppid, parentName }) => `${parentName ?? ""}/${ppid}` },
      { title: "NETNS", isWide: true, text: ({ netns }) => netns ?? "" },
      { title: "WAITS FOR", isWide: true, text: ({ waitsIn }) => (waitsIn ? waitText(waitsIn) : "") },
      { title: "WROTE", isWide: true, text: (call) => writtenSoFar(call)?.line ?? "" },
    ],
  }
}

function isHang({ state, wallMs }: Call, nowMs: number): boolean {
  return state === "running" && nowMs - wallMs >= HANG_MS
}
