import { operationTable } from "../operation-table.ts"
import { addOutput, printRows } from "../output.ts"
import { addSelection, filterWords, reportDamage, select } from "../select.ts"
import type { Verb } from "../verb.ts"

export const ls: Verb = {
  name: "ls",
  summary: "list operations, one a line: when, pod, command, plugins and how long each took, outcome",
  define(command) {
    addOutput(addSelection(command)).argument("[filter...]", "a filter, as --filter takes it")
  },
  async run(context, [words], options) {
    const selection = await select(context, options, filterWords(words))
    const found = await printRows(context, options, operationTable(context.nowMs()), selection.operations())
    reportDamage(context, selection, found)
  },
}
