import { Fault } from "../../fault/fault.ts"
import { allOf, type Filter } from "../../model/filter/filter.ts"
import { ErrorGroups } from "../../model/statistics/error-groups.ts"
import { Tally } from "../../model/statistics/statistics.ts"
import { readOperations } from "../../store/query/operations.ts"
import { tallyCalls } from "../../store/query/tally.ts"
import { parseCount } from "../args/count.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { addSelection, filterWords, select } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { statisticsOutput } from "../output/statistics-output.ts"
import { errorGroupTable } from "../render/error-group-table.ts"
import { addOutput, outputFormat, printOne, printRows } from "../render/output.ts"
import { chartsText, groupTable, totalsText } from "../render/statistics-text.ts"
import { painter } from "../terminal/colour.ts"
import type { Verb } from "../verb.ts"

export const stats: Verb = {
  description: "Prints percentiles, a histogram of durations, the calls in flight over time and the slowest calls.",
  examples: [
    ["cnitap stats --since 1h --command ADD", "how long ADD takes in each plugin"],
    ["cnitap stats --errors --since 1h", "how often operations failed, by reason, and in how many pods"],
    ["cnitap stats -o json | jq '.groups[] | select(.failed > 0)'", "plugins and commands with failed calls"],
  ],
  isPaged: true,
  define(command) {
    addOutput(addSelection(command))
      .argument("[filter...]", "a filter, as for --filter")
      .option("--slowest <number>", "number of slowest calls to list", "5")
      .option("--errors", "count failed operations by message instead; addresses, IDs and numbers do not count")
  },
  async run(context, [words], options) {
    if (options.errors === true) return printErrors(context, options, filterWords(words))
    const slowest = parseCount(options.slowest, "--slowest", 5)
    const format = outputFormat(options).kind
    if (format === "name") {
      throw new Fault(
        "USAGE",
        "-o name cannot be used with stats",
        "Use -o table, wide, json, jsonl, yaml or jsonpath=<template>.",
      )
    }
    const selection = await select(context, options, filterWords(words))
    const tally = new Tally(slowest)
    const { capture, readErrors, range, filter, progress } = selection
    await tallyCalls(tally, capture, readErrors, { ...range, filter, nowMs: context.nowMs(), progress })
    const statistics = tally.statistics()
    if (format === "table" || format === "wide") {
      if (statistics.calls > 0) context.stdout.write(totalsText(statistics))
      await printRows(context, options, groupTable, statistics.groups)
      if (statistics.calls > 0) {
        context.stdout.write(chartsText(statistics, painter(context), context.stdout.columns ?? 80))
      }
    } else {
      await printOne(context, options, {
        kind: "Statistics",
        name: "statistics",
        value: statisticsOutput(statistics),
        text: () => totalsText(statistics),
      })
    }
    await reportReadErrors(context, selection, statistics.calls)
  },
}

async function printErrors(context: Context, options: Record<string, unknown>, words: string): Promise<void> {
  const selection = await select(context, options, words)
  const { capture, readErrors, range, filter, progress } = selection
  const [groups, nowMs] = [new ErrorGroups(), context.nowMs()]
  const reading = { filter: allOf([filter, NOT_OK]), nowMs, progress }
  for await (const operation of readOperations(capture, readErrors, range, reading)) groups.add(operation)
  const found = await printRows(context, options, errorGroupTable(nowMs), groups.list())
  await reportReadErrors(context, selection, found)
}

/** Only these operations are read whole. */
const NOT_OK: Filter = {
  kind: "test",
  field: "outcome",
  operator: "=",
  values: [
    { kind: "text", text: "failed" },
    { kind: "text", text: "killed" },
  ],
}
