import { operationTable } from "../operation-table.ts"
import { addOutput, outputFormat, printRows } from "../output.ts"
import { addSelection, filterWords, reportDamage, select } from "../select.ts"
import type { Verb } from "../verb.ts"

export const ls: Verb = {
  name: "ls",
  summary: "list operations, one a line: when, pod, command, plugins and how long each took, outcome",
  examples: [
    ["cnitap ls --failed --since 1h", "what failed in the last hour"],
    ["cnitap ls plugin=calico and 'duration>500ms'", "slow calls of one plugin"],
    ["cnitap ls -n shop -o jsonpath='{range .items[*]}{.id}{\"\\n\"}{end}'", "ids of a namespace's operations"],
  ],
  isPaged: true,
  define(command) {
    addOutput(addSelection(command)).argument("[filter...]", "a filter, as --filter takes it")
  },
  async run(context, [words], options) {
    const selection = await select(context, options, filterWords(words))
    // Programs get the streams too; a table shows none.
    const isList = ["table", "wide", "name"].includes(outputFormat(options).kind)
    const operations = isList ? selection.lightOperations() : selection.operations()
    const found = await printRows(context, options, operationTable(context.nowMs()), operations)
    reportDamage(context, selection, found)
  },
}
