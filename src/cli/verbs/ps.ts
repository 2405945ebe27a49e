import type { Call } from "../../model/call.ts"
import { podName } from "../../model/wording.ts"
import { addOutput, printRows, type Table } from "../output.ts"
import { addSelection, filterWords, reportDamage, select } from "../select.ts"
import { duration } from "../time.ts"
import type { Verb } from "../verb.ts"

/** containerd gives a whole pod sandbox four minutes; most calls take well under a second. */
const HANG_MS = 10_000

export const ps: Verb = {
  name: "ps",
  summary: "list calls in flight, the longest first; a hang is marked",
  examples: [["cnitap ps -w", "calls in flight, once a second"]],
  define(command) {
    addOutput(addSelection(command))
      .argument("[filter...]", "a filter, as --filter takes it")
      .option("-A, --all", "killed calls too: began, never ended, process gone")
  },
  async run(context, [words], options) {
    const selection = await select(context, options, filterWords(words))
    const open: Call[] = []
    for await (const call of selection.calls()) {
      if (call.state === "running" || (options.all === true && call.state !== "ended")) open.push(call)
    }
    const nowMs = context.nowMs()
    open.sort((a, b) => a.wallMs - b.wallMs)
    const found = await printRows(context, options, inFlightTable(nowMs), open)
    reportDamage(context, selection, found)
  },
}

function inFlightTable(nowMs: number): Table<Call> {
  return {
    kind: "Call",
    name: ({ id }) => `call/${id}`,
    value: (call) => ({ ...call, runningMs: Math.max(0, nowMs - call.wallMs) }),
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
      { title: "NODE", isWide: true, text: ({ node }) => node ?? "" },
      { title: "PARENT", isWide: true, text: ({ ppid, parentName }) => `${parentName ?? ""}/${ppid}` },
      { title: "NETNS", isWide: true, text: ({ netns }) => netns ?? "" },
    ],
  }
}

function isHang({ state, wallMs }: Call, nowMs: number): boolean {
  return state === "running" && nowMs - wallMs >= HANG_MS
}
