import { askNode, type NodeAnswer } from "../../cluster/ask-node.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import type { Recorder } from "../../cluster/recorder.ts"
import { RowSpool } from "../../cluster/row-spool.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { overCluster } from "../../model/over-cluster.ts"
import { LineSplitter } from "../../store/capture/lines.ts"
import type { Context } from "../context.ts"
import { printRows, type Rows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import { reportAnswers } from "./report-answers.ts"
import { reportClocks } from "./report-clocks.ts"

/** A row that a node printed as JSON, and the name of that node in the cluster. */
export type NodeRow<Row> = Row & { node: string }

export type CollectOptions<Row> = {
  /** what rows are ordered by, milliseconds; without it they are in the order of the nodes */
  timeOf?(row: Row): number
}

/** What is printed of the rows of all nodes. `rowsOf`: other rows of the spool than all of them in the order of time. */
export type PrintedRows<Row> = CollectOptions<Row> & {
  table: Table<NodeRow<Row>, string>
  rowsOf?(spool: RowSpool): Rows<Row>
  /** is called when all nodes have been asked, and nothing is printed yet */
  beforeRows?(): void
}

/** Asks every node for its rows, prints them and the messages of the nodes. Returns how many rows were printed. */
export async function printNodeRows<Row extends object>(
  context: Context,
  options: Record<string, unknown>,
  kubectl: Kubectl,
  recorders: readonly Recorder[],
  nodeArgs: readonly string[],
  { table, rowsOf = spooled<Row>, beforeRows, ...collecting }: PrintedRows<Row>,
): Promise<number> {
  const { spool, answers, merged } = await collectRows<Row>(context, kubectl, recorders, nodeArgs, collecting)
  beforeRows?.()
  const count = await printRows(context, options, table, rowsOf(spool))
  spool.close()
  reportAnswers(context, answers, count)
  reportClocks(context, merged)
  return count
}

/** Asks every node for its rows. The spool must be closed. `merged`: the nodes whose rows are in one order by their clocks. */
export async function collectRows<Row extends object>(
  context: Context,
  kubectl: Kubectl,
  recorders: readonly Recorder[],
  nodeArgs: readonly string[],
  { timeOf }: CollectOptions<Row>,
): Promise<{ spool: RowSpool; answers: NodeAnswer[]; merged: NodeAnswer[] }> {
  const spool = new RowSpool()
  const ordered = new Set<string>()
  let done = 0
  const { stderr } = context
  const isShown = stderr.isTTY === true && recorders.length > 1
  const answers = await eachNode(recorders, async (recorder, rank) => {
    const add = rowReader<Row>(recorder.node, (row) => {
      if (timeOf) ordered.add(row.node)
      spool.add(row, timeOf?.(row) ?? 0, rank)
    })
    const answer = await askNode(kubectl, recorder, nodeArgs, add)
    if (isShown) stderr.write(`\r\u001b[Kcnitap: ${++done} of ${recorders.length} nodes`)
    return answer
  })
  if (isShown) stderr.write("\r\u001b[K")
  return { spool, answers, merged: answers.filter(({ node }) => ordered.has(node)) }
}

/** Takes what a node prints and calls `onRow` for every row in it. A last line without an end is not a row. */
export function rowReader<Row extends object>(
  node: string,
  onRow: (row: NodeRow<Row>) => void,
): (chunk: Buffer) => void {
  const lines = new LineSplitter()
  return (chunk) => {
    for (const { bytes } of lines.push(chunk)) {
      const value = parseJson(bytes?.toString("utf8") ?? "")
      if (!isObject(value)) continue
      const { apiVersion: _apiVersion, kind: _kind, ...row } = value
      onRow({ ...(row as Row), node })
    }
  }
}

/** The rows of a spool; they were written by `collectRows`. */
export function* spooled<Row>(spool: RowSpool, order?: { newestFirst: boolean }): Generator<NodeRow<Row>> {
  for (const row of spool.rows(order)) yield row as NodeRow<Row>
}

/** The table of a verb with a column for the node, and the node in each object for programs. */
export function withNode<Row extends object, Kind extends string>(
  table: Table<Row, Kind>,
): Table<NodeRow<Row>, string> {
  const hasNode = table.columns.some(({ title }) => title === "NODE")
  const { value, ...rest } = table
  const columns = table.columns.map((column) => ({ ...column, text: (row: Row) => overCluster(column.text(row)) }))
  return {
    ...rest,
    isMerged: true,
    columns: hasNode ? columns : [{ title: "NODE", text: ({ node }) => node }, ...columns],
    value: (row) => ({ ...(value?.(row) ?? row), node: row.node }),
  }
}
