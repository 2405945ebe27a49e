import { askNode, lineSplitter, type NodeAnswer } from "../../cluster/ask-node.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import type { Recorder } from "../../cluster/recorder.ts"
import { RowSpool } from "../../cluster/row-spool.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import type { Context } from "../context.ts"
import type { Table } from "../render/table.ts"

/** A row that a node printed as JSON, and the name of that node in the cluster. */
export type NodeRow<Row> = Row & { node: string }

export type CollectOptions<Row> = {
  /** what rows are ordered by, milliseconds */
  timeOf(row: Row): number
}

/** Asks every node for its rows. The spool must be closed. */
export async function collectRows<Row extends object>(
  context: Context,
  kubectl: Kubectl,
  recorders: readonly Recorder[],
  nodeArgs: readonly string[],
  { timeOf }: CollectOptions<Row>,
): Promise<{ spool: RowSpool; answers: NodeAnswer[] }> {
  const spool = new RowSpool()
  let done = 0
  const { stderr } = context
  const isShown = stderr.isTTY === true && recorders.length > 1
  const answers = await eachNode(recorders, async (recorder, rank) => {
    const split = lineSplitter((line) => {
      const row = rowOf<Row>(line, recorder.node)
      if (!row) return
      spool.add(row, timeOf(row), rank)
    })
    const answer = await askNode(kubectl, recorder, nodeArgs, split)
    if (isShown) stderr.write(`\r\u001b[Kcnitap: ${++done} of ${recorders.length} nodes`)
    return answer
  })
  if (isShown) stderr.write("\r\u001b[K")
  return { spool, answers }
}

export function rowOf<Row extends object>(line: string, node: string): NodeRow<Row> | undefined {
  const value = parseJson(line)
  if (!isObject(value)) return undefined
  const { apiVersion: _apiVersion, kind: _kind, ...row } = value
  return { ...(row as Row), node }
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
  return {
    ...rest,
    isMerged: true,
    columns: hasNode ? table.columns : [{ title: "NODE", text: ({ node }) => node }, ...table.columns],
    value: (row) => ({ ...(value?.(row) ?? row), node: row.node }),
  }
}
