import { Fault } from "../../fault/fault.ts"
import type { Call } from "../../model/call.ts"
import { writtenSoFar } from "../../model/explain/error-text.ts"
import { duration, podName } from "../../model/format.ts"
import { HANG_MS } from "../../model/lint/rules/process-rules.ts"
import { readSegments } from "../../store/capture/calls.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { recentSegments } from "../../store/capture/segments.ts"
import { pluginPidOf } from "../../store/node/process.ts"
import { addSelection, filterWords, reportReadErrors, type Selection, select } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { changesOf } from "../follow.ts"
import { callOutput } from "../output/call-output.ts"
import { addOutput, outputFormat, printRows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import type { Verb } from "../verb.ts"

export const ps: Verb = {
  description: `A call that has run for ${HANG_MS / 1000} seconds is marked HANG.`,
  examples: [
    ["cnitap ps", "calls that have not ended"],
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
    const nowMs = context.nowMs()
    const found = await printRows(
      context,
      options,
      inFlightTable(nowMs),
      await openCalls(selection.openCalls(), options),
    )
    await reportReadErrors(context, selection, found)
  },
}

async function openCalls(calls: AsyncIterable<Call>, options: Record<string, unknown>): Promise<Call[]> {
  const open: Call[] = []
  for await (const call of calls) {
    if (call.state === "running" || (options.all === true && call.state !== "ended")) open.push(withPluginPid(call))
  }
  return open.sort((a, b) => a.wallMs - b.wallMs)
}

/** The end record will have it; until then it is read from the running processes. */
function withPluginPid(call: Call): Call {
  const pluginPid = call.state === "running" ? pluginPidOf(call) : undefined
  return pluginPid === undefined ? call : { ...call, pluginPid }
}

const REPAINT_MS = 1000

/** Redraws the screen once a second. */
async function watch(context: Context, options: Record<string, unknown>, selection: Selection): Promise<void> {
  const { capture, matchesCall } = selection
  if (!context.stdout.isTTY || outputFormat(options).kind !== "table") {
    throw new Fault("USAGE", "ps -w needs a terminal", "Use `cnitap tail -f -o jsonl` to follow calls in a pipe.")
  }
  let paintedMs = Number.NEGATIVE_INFINITY
  for await (const _ of changesOf(context, capture)) {
    const nowMs = context.nowMs()
    if (nowMs - paintedMs < REPAINT_MS) continue
    paintedMs = nowMs
    const segments = recentSegments(await capture.segments())
    const calls = await openCalls(readSegments(capture, segments, new ReadErrors()), options)
    const clock = new Date(nowMs).toISOString().slice(11, 19)
    context.stdout.write(`${CLEAR}${clock}Z  calls in flight, once a second; Ctrl-C ends\n\n`)
    await printRows(context, options, inFlightTable(nowMs), calls.filter(matchesCall))
  }
}

/** Moves the cursor home and clears the screen. */
const CLEAR = "\u001b[H\u001b[2J"

function inFlightTable(nowMs: number): Table<Call, "Call"> {
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
      { title: "WROTE", isWide: true, text: (call) => writtenSoFar(call)?.line ?? "" },
    ],
  }
}

function isHang({ state, wallMs }: Call, nowMs: number): boolean {
  return state === "running" && nowMs - wallMs >= HANG_MS
}
