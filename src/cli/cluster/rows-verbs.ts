import type { NodeFinding } from "../../doctor/node-finding.ts"
import type { LedgerRow } from "../../model/ledger/node-ledger.ts"
import type { Context } from "../context.ts"
import { nodeFindingTable } from "../render/finding-table.ts"
import { ledgerTable } from "../render/ledger-table.ts"
import type { Table } from "../render/table.ts"
import { redraw, requireScreen, screenHead } from "../terminal/redraw.ts"
import type { Verb } from "../verb.ts"
import { doctor } from "../verbs/doctor.ts"
import { ledger } from "../verbs/ledger.ts"
import { type CallInFlight, inFlightTable, ps } from "../verbs/ps.ts"
import { whoOwns } from "../verbs/who-owns.ts"
import { printNodeRows, withNode } from "./collect-rows.ts"
import { nodeVerb, OUTPUT_FLAGS } from "./node-verb.ts"
import { chooseRecorders, withKubectl } from "./session.ts"

type RowsVerb<Row extends object> = {
  name: string
  verb: Verb
  examples: Verb["examples"]
  table(context: Context, options: Record<string, unknown>, args: readonly unknown[]): Table<Row>
  /** what rows are ordered by; without it they are in the order of the nodes */
  timeOf?(row: Row): number
  /** the exit status by the rows, if those of the nodes do not add up to it */
  exitCode?(count: number): number
  /** -w is redrawn here, not on the nodes */
  isRedrawn?: true
}

/** A verb that runs on every node, whose processes and files it looks at, and prints the rows of all of them. */
function rowsVerb<Row extends object>(rows: RowsVerb<Row>): Verb {
  const { name, verb, examples, table, timeOf, exitCode, isRedrawn } = rows
  return nodeVerb(verb, examples, (nodeArguments, context, args, options) =>
    withKubectl(context, options, async (kubectl, signal) => {
      const nodeArgs = [name, ...nodeArguments([...OUTPUT_FLAGS, ...(isRedrawn ? ["watch"] : [])]), "-o", "jsonl"]
      const isWatched = isRedrawn && options.watch === true
      if (isWatched) requireScreen(context, options, "kubectl cnitap")
      const recorders = await chooseRecorders(context, kubectl, options)
      const print = () =>
        printNodeRows<Row>(context, options, kubectl, recorders, nodeArgs, {
          ...(timeOf ? { timeOf } : {}),
          table: withNode(table(context, options, args)),
          ...(isWatched ? { beforeRows: () => context.stdout.write(screenHead(context.nowMs())) } : {}),
        })
      if (isWatched) return redraw(context, signal, print)
      const count = await print()
      if (exitCode && context.exitCode <= 1) context.exitCode = exitCode(count)
    }),
  )
}

export const clusterPs = rowsVerb<CallInFlight>({
  name: "ps",
  verb: ps,
  examples: [
    ["kubectl cnitap ps -o wide", "calls in flight on every node, and what their plugins wait for"],
    ["kubectl cnitap ps -w", "the same as a table that is redrawn every second"],
  ],
  table: ({ nowMs }) => inFlightTable(nowMs()),
  timeOf: ({ wallMs }) => wallMs,
  isRedrawn: true,
})

const attachmentTime = ({ add, dels }: LedgerRow) => add?.wallMs ?? dels[0]?.wallMs ?? 0

export const clusterLedger = rowsVerb<LedgerRow>({
  name: "ledger",
  verb: ledger,
  examples: [["kubectl cnitap ledger --leaks -o wide", "what was left behind on any node, and what releases it"]],
  table: ({ nowMs }, { leaks }) => ledgerTable(nowMs(), leaks ? "nothing was left behind" : "no attachment found"),
  timeOf: attachmentTime,
})

export const clusterWhoOwns = rowsVerb<LedgerRow>({
  name: "who-owns",
  verb: whoOwns,
  examples: [["kubectl cnitap who-owns 10.88.0.17", "the pods that own or owned this address, on any node"]],
  table: ({ nowMs }, _options, [address]) => ledgerTable(nowMs(), `${address} has no owner on these nodes`, true),
  timeOf: attachmentTime,
  exitCode: (count) => (count === 0 ? 1 : 0),
})

export const clusterDoctor = rowsVerb<NodeFinding>({
  name: "doctor",
  verb: doctor,
  examples: [["kubectl cnitap doctor", "what keeps any node from creating pods, and what to do"]],
  table: () => nodeFindingTable("no problems found"),
})
