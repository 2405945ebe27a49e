import type { Call } from "../../model/call.ts"
import type { Operation } from "../../model/operation.ts"
import { parseCount } from "../args/count.ts"
import { inListingOrder } from "../args/listing-order.ts"
import { requireStream } from "../follow.ts"
import { operationTable } from "../render/operation-table.ts"
import { outputFormat } from "../render/output.ts"
import { ls } from "../verbs/ls.ts"
import { callTable, endMsOf, tail } from "../verbs/tail.ts"
import { printNodeRows, spooled, withNode } from "./collect-rows.ts"
import { followRows } from "./follow-rows.ts"
import { nodeVerb, OUTPUT_FLAGS } from "./node-verb.ts"
import { chooseRecorders, withKubectl } from "./session.ts"

export const clusterLs = nodeVerb(
  ls,
  [
    ["kubectl cnitap ls --failed --since 1h", "operations that failed on any node in the last hour"],
    ["kubectl cnitap ls -w -n shop", "operations of one namespace, as they happen"],
  ],
  (nodeArguments, context, _args, options) =>
    withKubectl(context, options, async (kubectl, signal) => {
      const format = outputFormat(options)
      // Tables show no streams; without them a million operations fit.
      const isTable = ["table", "wide", "name"].includes(format.kind)
      const given = nodeArguments([...OUTPUT_FLAGS, "sortBy", "brief"])
      const brief = isTable || options.brief === true ? ["--brief"] : []
      const nodeArgs = ["ls", ...given, ...brief, "-o", "jsonl"]
      const table = withNode(operationTable(context.nowMs))
      if (options.watch === true) requireStream(format)
      const recorders = await chooseRecorders(context, kubectl, options)
      if (options.watch === true) {
        await followRows(context, options, kubectl, signal, recorders, nodeArgs, table)
        return
      }
      await printNodeRows<Operation>(context, options, kubectl, recorders, nodeArgs, {
        timeOf: ({ wallMs }) => wallMs,
        table,
        rowsOf: (spool) =>
          inListingOrder(context, options, format, async function* (order) {
            yield* spooled<Operation>(spool, order)
          }),
      })
    }),
)

export const clusterTail = nodeVerb(
  tail,
  [
    ["kubectl cnitap tail -f --failed", "failed calls of all nodes as they end"],
    ["kubectl cnitap tail --last 50 --node node-1", "the last 50 calls of one node"],
  ],
  (nodeArguments, context, _args, options) =>
    withKubectl(context, options, async (kubectl, signal) => {
      const last = parseCount(options.last, "--last", 20)
      const follows = options.follow === true || options.watch === true
      if (follows) requireStream(outputFormat(options))
      const nodeArgs = ["tail", ...nodeArguments(OUTPUT_FLAGS), "-o", "jsonl"]
      const recorders = await chooseRecorders(context, kubectl, options)
      const table = withNode(callTable)
      if (follows) {
        await followRows(context, options, kubectl, signal, recorders, nodeArgs, table)
        return
      }
      await printNodeRows<Call>(context, options, kubectl, recorders, nodeArgs, {
        timeOf: endMsOf,
        table,
        *rowsOf(spool) {
          let skip = spool.count - last
          for (const call of spooled<Call>(spool)) if (skip-- <= 0) yield call
        },
      })
    }),
)
