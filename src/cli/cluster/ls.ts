import type { Command } from "commander"
import type { Call } from "../../model/call.ts"
import type { Operation } from "../../model/operation.ts"
import { parseCount } from "../args/count.ts"
import { inListingOrder } from "../args/listing-order.ts"
import { requireStream } from "../follow.ts"
import { operationTable } from "../render/operation-table.ts"
import { outputFormat, printRows } from "../render/output.ts"
import type { Verb } from "../verb.ts"
import { ls } from "../verbs/ls.ts"
import { callTable, tail } from "../verbs/tail.ts"
import { declareAsOnNode, nodeArguments, OUTPUT_FLAGS } from "./cluster-flags.ts"
import { collectRows, spooled, withNode } from "./collect-rows.ts"
import { followRows } from "./follow-rows.ts"
import { reportAnswers } from "./report-answers.ts"
import { chooseRecorders, withKubectl } from "./session.ts"

let lsCommand: Command

export const clusterLs: Verb = {
  ...ls,
  examples: [
    ["kubectl cnitap ls --failed --since 1h", "operations that failed on any node in the last hour"],
    ["kubectl cnitap ls -w -n shop", "operations of one namespace, as they happen"],
  ],
  define(command) {
    lsCommand = command
    declareAsOnNode(ls, command)
  },
  run: (context, _args, options) =>
    withKubectl(context, options, async (kubectl, signal) => {
      const format = outputFormat(options)
      // Tables show no streams; without them a million operations fit.
      const isTable = ["table", "wide", "name"].includes(format.kind)
      const given = nodeArguments(lsCommand, [...OUTPUT_FLAGS, "sortBy", "brief"])
      const brief = isTable || options.brief === true ? ["--brief"] : []
      const nodeArgs = ["ls", ...given, ...brief, "-o", "jsonl"]
      if (options.watch === true) requireStream(format)
      const recorders = await chooseRecorders(context, kubectl, options)
      const table = withNode(operationTable(context.nowMs))
      if (options.watch === true) {
        await followRows(context, options, kubectl, signal, recorders, nodeArgs, table)
        return
      }
      const { spool, answers } = await collectRows<Operation>(context, kubectl, recorders, nodeArgs, {
        timeOf: ({ wallMs }) => wallMs,
      })
      const read = async function* (order: { newestFirst: boolean }) {
        yield* spooled<Operation>(spool, order)
      }
      const count = await printRows(context, options, table, inListingOrder(context, options, format, read))
      spool.close()
      reportAnswers(context, answers, count)
    }),
}

let tailCommand: Command

export const clusterTail: Verb = {
  ...tail,
  examples: [
    ["kubectl cnitap tail -f --failed", "failed calls of all nodes as they end"],
    ["kubectl cnitap tail --last 50 --node node-1", "the last 50 calls of one node"],
  ],
  define(command) {
    tailCommand = command
    declareAsOnNode(tail, command)
  },
  run: (context, _args, options) =>
    withKubectl(context, options, async (kubectl, signal) => {
      const last = parseCount(options.last, "--last", 20)
      const follows = options.follow === true || options.watch === true
      if (follows) requireStream(outputFormat(options))
      const nodeArgs = ["tail", ...nodeArguments(tailCommand, OUTPUT_FLAGS), "-o", "jsonl"]
      const recorders = await chooseRecorders(context, kubectl, options)
      const table = withNode(callTable)
      if (follows) {
        await followRows(context, options, kubectl, signal, recorders, nodeArgs, table)
        return
      }
      const { spool, answers } = await collectRows<Call>(context, kubectl, recorders, nodeArgs, { timeOf: endMsOf })
      let skip = spool.count - last
      const newest = function* () {
        for (const call of spooled<Call>(spool)) if (skip-- <= 0) yield call
      }
      const count = await printRows(context, options, table, newest())
      spool.close()
      reportAnswers(context, answers, count)
    }),
}

/** Calls that have not ended are last. */
function endMsOf({ wallMs, durationMs }: Call): number {
  return durationMs === undefined ? Number.MAX_VALUE : wallMs + durationMs
}
