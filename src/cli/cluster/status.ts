import { type NodeAnswer, readNode } from "../../cluster/ask-node.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import { isKilled, type Recorder, readRecorders } from "../../cluster/recorder.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { FAULTS } from "../../fault/fault.ts"
import { gapText, isProblem } from "../../install/status/recording-gap.ts"
import type { StatusOutput } from "../../install/status/status-output.ts"
import { age } from "../../model/format.ts"
import { lossTexts } from "../../model/losses.ts"
import { namesOption } from "../args/option.ts"
import type { RecorderOutput } from "../output/recorder-output.ts"
import { timestamp } from "../output/timestamp.ts"
import { addOutput, printRows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import type { Verb } from "../verb.ts"
import { addNodes } from "./cluster-flags.ts"
import { reportAnswers } from "./report-answers.ts"
import { reportClocks } from "./report-clocks.ts"
import { withKubectl } from "./session.ts"

export const clusterStatus: Verb = {
  description:
    "Exits 0 if every node that has a recorder records every plugin of its active list, 1 if some do not, 6 if no node has one, 7 if some gave no answer.",
  examples: [
    ["kubectl cnitap status", "which nodes are recorded, until when, and what is left of an earlier install"],
    ["kubectl cnitap status -o wide", "also the pods and their versions"],
  ],
  define(command) {
    addOutput(addNodes(command))
  },
  run: (context, _args, options) =>
    withKubectl(context, options, async (kubectl) => {
      const named = namesOption(options.node)
      const recorders = (await readRecorders(kubectl)).filter(({ node }) => named?.includes(node) ?? true)
      const answers: NodeAnswer[] = []
      const rows = await eachNode(recorders, async (recorder) => {
        const { row, answer } = await statusOf(kubectl, recorder)
        answers.push(answer)
        return row
      })
      await printRows(context, options, recorderTable(context.nowMs()), rows)
      reportAnswers(
        context,
        answers.filter(({ kind }) => kind === "failed"),
        1,
      )
      reportClocks(context, answers)
      if (rows.length === 0) context.exitCode = FAULTS.NOT_FOUND
      else if (context.exitCode === 0 && rows.some(({ state }) => state !== "recording")) context.exitCode = 1
    }),
}

async function statusOf(kubectl: Kubectl, recorder: Recorder): Promise<{ row: RecorderOutput; answer: NodeAnswer }> {
  const { node, pod, version, untilMs, isOver } = recorder
  const { answer, printed }: { answer: NodeAnswer; printed?: Buffer } = isOver
    ? { answer: { node, kind: "answered", code: 1, notes: "" } }
    : await readNode(kubectl, recorder, ["status", "-o", "json"])
  const status = parseJson(printed?.toString("utf8") ?? "")
  const known = isObject(status) ? statusIn(status) : undefined
  const state = isOver ? "over" : answer.kind === "failed" ? "silent" : known?.isComplete ? "recording" : "incomplete"
  const reason = isOver
    ? endText(recorder)
    : answer.kind === "answered"
      ? known && incompleteText(known)
      : answer.reason
  const row = {
    node,
    pod,
    version,
    state,
    ...(reason ? { reason } : {}),
    ...(untilMs === undefined ? {} : { untilAt: timestamp(untilMs), untilMs }),
    ...(known ? { status: known } : {}),
  } as const
  return { row, answer }
}

function endText(recorder: Recorder): string | undefined {
  if (!isKilled(recorder)) return recorder.problem
  return `${recorder.problem}; it may have left its relays: kubectl cnitap uninstall removes them`
}

function incompleteText({ installs, gaps }: StatusOutput): string {
  const lost = installs.flatMap(({ plugins }) => plugins.filter(({ state }) => state !== "recorded"))
  const ended = installs.flatMap(({ observer }) =>
    observer && !observer.isRunning ? [`the observer does not run: ${observer.reason}`] : [],
  )
  const captures = installs.flatMap(({ capture }) => (capture.problem ? [`${capture.path} ${capture.problem}`] : []))
  return [
    ...(installs.length === 0 ? ["nothing is installed"] : []),
    ...lost.map(({ name, state }) => `${name} is ${state}`),
    ...ended,
    ...installs.flatMap(({ observer }) => (observer ? lossTexts(observer.losses) : [])),
    ...captures,
    ...gaps.filter(isProblem).map(gapText),
  ].join("; ")
}

function recorderTable(nowMs: number): Table<RecorderOutput, "Recorder"> {
  const colours = { recording: "green", incomplete: "yellow", silent: "red", over: "dim" } as const
  return {
    kind: "Recorder",
    name: ({ node }) => `recorder/${node}`,
    empty: "no node of this cluster is recorded",
    columns: [
      { title: "NODE", text: ({ node }) => node },
      { title: "STATE", text: ({ state }) => state, colour: ({ state }) => colours[state] },
      {
        title: "LEFT",
        alignRight: true,
        text: ({ untilMs }) => (untilMs === undefined ? "" : leftText(untilMs - nowMs)),
      },
      { title: "RECORDED", text: ({ status }) => recordedText(status) },
      { title: "CAPTURE", alignRight: true, text: ({ status }) => sizeText(status) },
      { title: "POD", isWide: true, text: ({ pod }) => pod },
      { title: "VERSION", isWide: true, text: ({ version }) => version },
      { title: "UNTIL", isWide: true, text: ({ untilAt }) => untilAt ?? "" },
      { title: "WHY", text: ({ reason }) => reason ?? "" },
    ],
  }
}

function leftText(leftMs: number): string {
  return leftMs <= 0 ? "0s" : age(0, leftMs)
}

/** As a member of another object, without the keys of an object of its own. */
function statusIn({ apiVersion: _version, kind: _kind, ...status }: Record<string, unknown>): StatusOutput {
  return status as StatusOutput
}

function recordedText(status: StatusOutput | undefined): string {
  const plugins = status?.installs.flatMap(({ plugins }) => plugins.filter(({ state }) => state === "recorded")) ?? []
  const observed =
    status?.installs.flatMap(({ observer }) => (observer ? [`${observer.plugins} files observed`] : [])) ?? []
  return [...plugins.map(({ name }) => name), ...observed].join(", ")
}

function sizeText(status: StatusOutput | undefined): string {
  if (!status || status.installs.length === 0) return ""
  const bytes = status.installs.reduce((sum, { capture }) => sum + capture.sizeBytes, 0)
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
