import { isLeftBehind } from "../../model/ledger/left-behind.ts"
import { readLedger } from "../args/read-ledger.ts"
import { addSelection, filterWords, reportReadErrors, select } from "../args/selection.ts"
import { ledgerTable } from "../render/ledger-table.ts"
import { addOutput, printRows } from "../render/output.ts"
import type { Verb } from "../verb.ts"

export const ledger: Verb = {
  description: "Lists the addresses in use, DELs that never reached a plugin, and leaks. Exits 1 if anything leaked.",
  examples: [
    ["cnitap ledger", "which containers hold which addresses"],
    [
      "cnitap ledger -n shop -o json | jq -r '.items[] | select(.state==\"leaked\") | .ips[]'",
      "leaked addresses of one namespace",
    ],
  ],
  isPaged: true,
  define(command) {
    addOutput(addSelection(command)).argument("[filter...]", "a filter, as for --filter")
  },
  async run(context, [words], options) {
    const filter = filterWords(words)
    const selection = await select(context, options, filter)
    const given = filter ? { ...options, filter } : options
    const { rows, operations, isWanted } = await readLedger(context, given, selection)
    const wanted = rows.filter(isWanted)
    await printRows(context, options, ledgerTable(context.nowMs(), "no attachment found"), wanted)
    if (wanted.some(isLeftBehind)) context.exitCode = 1
    await reportReadErrors(context, selection, operations)
  },
}
