import { Fault } from "../../fault/fault.ts"
import type { Call } from "../../model/call.ts"
import { type Operation, toOperations } from "../../model/operation.ts"
import { Follower } from "../../store/capture/follower.ts"
import { recentSegments } from "../../store/capture/segments.ts"
import { addListingOrder, inListingOrder, lastOf, oldestFirst, type ReadInOrder } from "../args/listing-order.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { addSelection, filterWords, type Selection, select } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { changesOf, requireStream } from "../follow.ts"
import { CurrentJudge } from "../node/current-judge.ts"
import { operationTable } from "../render/operation-table.ts"
import { addOutput, outputFormat, printRows } from "../render/output.ts"
import type { Verb } from "../verb.ts"

export const ls: Verb = {
  description:
    "An operation is one CNI command over a plugin list. Its line shows each plugin with its duration. On a terminal the newest comes first; in a pipe, with -w and for programs they come in the order they started.",
  examples: [
    ["cnitap ls --failed --since 1h", "operations that failed in the last hour"],
    ["cnitap ls plugin=calico and 'duration>500ms'", "slow calls of one plugin"],
    ["cnitap ls -w --failed", "failed operations, then new ones as they happen"],
  ],
  isPaged: ({ watch }) => watch !== true,
  define(command) {
    addListingOrder(addOutput(addSelection(command)))
      .argument("[filter...]", "a filter, as for --filter")
      .option("--brief", "in JSON and YAML: without environment and streams")
      .option("-w, --watch", "keep listing new operations until Ctrl-C")
  },
  async run(context, [words], options) {
    const selection = await select(context, options, filterWords(words))
    const format = outputFormat(options)
    const isWatching = options.watch === true && selection.capture.isLive
    if (isWatching) requireStream(format)
    if (isWatching && options.sortBy !== undefined)
      throw new Fault("USAGE", "--sort-by cannot be combined with --watch", "Leave one of them out.")
    // Streams are read only for programs: tables do not show them.
    const isList = options.brief === true || ["table", "wide", "name"].includes(format.kind)
    const read: ReadInOrder = (order) => (isList ? selection.lightOperations(order) : selection.operations(order))
    const operations = isWatching
      ? watched(context, selection, () => oldestFirst(read, lastOf(options)))
      : inListingOrder(context, options, format, read)
    const found = await printRows(context, options, operationTable(context.nowMs), operations)
    await reportReadErrors(context, selection, found)
  },
}

/** The calls of an operation follow each other faster than that: it is complete after this time. */
const SETTLED_MS = 500

/** Existing operations, then each new one as it ends or is found killed; one that was in flight is listed again. */
async function* watched(
  context: Context,
  { capture, readErrors, matchesOperation, readLists }: Selection,
  there: () => AsyncGenerator<Operation>,
): AsyncGenerator<Operation> {
  const follower = new Follower(capture, readErrors)
  const judge = new CurrentJudge(readLists, context.nowMs)
  const listed = new Set<string>()
  const startMs = context.nowMs()
  let pending: Call[] = []
  const segments = await capture.segments()
  const recent = new Set(recentSegments(segments))
  for (const segment of segments) if (!recent.has(segment)) follower.skip(segment)
  for await (const operation of there()) {
    yield operation
    if (operation.outcome !== "running") listed.add(operation.id)
  }
  for await (const _ of changesOf(context, capture)) {
    for await (const call of follower.nextEnded()) if (isLate(call, startMs)) pending.push(call)
    const settled = toOperations(pending).filter((operation) => context.nowMs() - endOf(operation) > SETTLED_MS)
    for (const operation of judge.judge(settled)) {
      if (!listed.has(operation.id) && matchesOperation(operation)) yield operation
      listed.add(operation.id)
    }
    const done = new Set(settled.flatMap(({ calls }) => calls.map(({ call }) => call.id)))
    pending = pending.filter(({ id, parent }) => !done.has(id) && !(parent && done.has(parent)))
  }
}

/** Whether a call may have ended too late to be in the first listing. */
function isLate({ wallMs, durationMs = 0 }: Call, startMs: number): boolean {
  return wallMs + durationMs > startMs - 10 * SETTLED_MS
}

function endOf({ wallMs, durationMs = 0, calls }: Operation): number {
  const last = calls.at(-1)?.call
  return Math.max(wallMs + durationMs, (last?.wallMs ?? 0) + (last?.durationMs ?? 0))
}
