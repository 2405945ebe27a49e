import { askNode } from "../../cluster/ask-node.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import type { Recorder } from "../../cluster/recorder.ts"
import { Fault } from "../../fault/fault.ts"
import type { Context } from "../context.ts"
import { printRows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import { type NodeRow, rowReader } from "./collect-rows.ts"
import { reportAnswers } from "./report-answers.ts"
import { clockReporter } from "./report-clocks.ts"

/** Each node takes a kubectl of some 40 MB for as long as it is followed. */
const MOST_FOLLOWED = 100

/** Prints the rows of all nodes as they come, until Ctrl-C, which counts as success, or until no node answers any more. */
export async function followRows<Row extends object>(
  context: Context,
  options: Record<string, unknown>,
  kubectl: Kubectl,
  signal: AbortSignal,
  recorders: readonly Recorder[],
  nodeArgs: readonly string[],
  table: Table<NodeRow<Row>, string>,
): Promise<void> {
  assertFollowable(recorders)
  const queue: NodeRow<Row>[] = []
  let wake = () => {}
  let isOver = false
  const onClock = clockReporter(context)
  const asking = eachNode(
    recorders,
    async (recorder) => {
      const add = rowReader<Row>(recorder.node, (row) => {
        queue.push(row)
        wake()
      })
      const answer = await askNode(kubectl, recorder, nodeArgs, add, onClock)
      if (answer.kind !== "answered") reportAnswers(context, [answer], 1)
      return answer
    },
    recorders.length,
  ).finally(() => {
    isOver = true
    wake()
  })
  const rows = async function* () {
    while (!isOver || queue.length > 0) {
      yield* queue.splice(0)
      if (!isOver && queue.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  }
  await Promise.all([printRows(context, options, table, rows()), asking]).catch((error: unknown) => {
    if (!signal.aborted) throw error
    context.exitCode = 0
  })
}

export function assertFollowable(recorders: readonly Recorder[]): void {
  if (recorders.length > MOST_FOLLOWED)
    throw new Fault(
      "USAGE",
      `${recorders.length} nodes are too many to follow at a time; the limit is ${MOST_FOLLOWED}`,
      "Choose some with --node.",
    )
}
