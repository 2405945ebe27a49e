import { isLeftBehind } from "../../model/ledger/left-behind.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { addSelection, filterWords, select } from "../args/selection.ts"
import { readLedger } from "../node/read-ledger.ts"
import { repeatFlagsIn } from "../render/command-text.ts"
import { ledgerTable } from "../render/ledger-table.ts"
import { addOutput, printRows } from "../render/output.ts"
import type { Verb } from "../verb.ts"

export const ledger: Verb = {
  description:
    "Lists the addresses in use, DELs that never reached a plugin, and leaks, compared with the node's own stores. Exits 1 if anything was left behind.",
  examples: [
    ["cnitap ledger", "which containers hold which addresses"],
    ["cnitap ledger --leaks -o wide", "what was left behind, and the commands that release it"],
    [
      "cnitap ledger -n shop -o json | jq -r '.items[] | select(.state==\"leaked\") | .ips[]'",
      "leaked addresses of one namespace",
    ],
  ],
  isPaged: true,
  define(command) {
    addOutput(addSelection(command))
      .argument("[filter...]", "a filter, as for --filter")
      .option("--leaks", "only what was left behind, or may have been")
  },
  async run(context, [words], options) {
    const filter = filterWords(words)
    const selection = await select(context, options, filter)
    const given = filter ? { ...options, filter } : options
    const { rows, operations, isWanted } = await readLedger(context, given, selection)
    const wanted = rows.filter((row) => isWanted(row) && (!options.leaks || isLeftBehind(row)))
    const empty = options.leaks ? "nothing was left behind" : "no attachment found"
    await printRows(context, options, ledgerTable(context.nowMs(), empty), repeatFlagsIn(wanted, "release", options))
    if (wanted.some(isLeftBehind)) context.exitCode = 1
    await reportReadErrors(context, selection, operations)
  },
}
