import { type Call, podKey } from "../call.ts"
import { walk } from "../operation.ts"
import { callOutcome, reasonText } from "../outcome.ts"
import { type CallSummary, reasonIn } from "../packed-operations.ts"
import type { FilteredOperation } from "./field.ts"

/**
 * The texts of a call that a bare word is searched for in. They are known without the streams: an index and the page have
 * the reason of a failed call in a column.
 */
export function listedTexts(call: Call, summary: CallSummary | undefined): string[] {
  const texts: string[] = []
  eachText(call, summary, undefined, (text) => text && texts.push(text))
  return texts
}

/** The same of all calls of an operation, each once, with its outcome. */
export function listedTextsOf(operation: FilteredOperation): string[] {
  const texts = new Set<string>()
  eachTextOf(operation, (text) => text && texts.add(text))
  return [...texts]
}

/** The same as one text in lower case. Kept, because a word is searched for in thousands of operations at each key. */
export function joinedTexts(operation: FilteredOperation): string {
  const known = joined.get(operation)
  if (known !== undefined) return known
  let text = ""
  eachTextOf(operation, (one) => {
    if (one) text += `\n${one}`
  })
  text = text.toLowerCase()
  joined.set(operation, text)
  return text
}

/** What a list shows of a call's streams, if the operation was read without them. */
export function summaryIn(operation: FilteredOperation, { id }: Call): CallSummary | undefined {
  return "summaries" in operation ? operation.summaries.get(id) : undefined
}

const joined = new WeakMap<FilteredOperation, string>()
const SHARED = ["containerId", "network", "ifname", "netns", "node"] as const

function eachTextOf(operation: FilteredOperation, add: (text: string | undefined) => void): void {
  const { calls, outcome, outcomeReason } = operation
  let before: Call | undefined
  for (const { call } of walk(calls)) {
    eachText(call, summaryIn(operation, call), before, add)
    before = call
  }
  add(outcome)
  if (outcomeReason && outcomeReason.kind !== "plugin-failed") add(reasonText(outcomeReason))
}

/** Without the texts that the call before also has, which are nearly always most of them. */
function eachText(
  call: Call,
  summary: CallSummary | undefined,
  before: Call | undefined,
  add: (text: string | undefined) => void,
): void {
  add(call.id)
  if (call.command !== before?.command) add(call.command)
  add(call.plugin)
  if (call.pod && call.pod.name !== before?.pod?.name) {
    add(podKey(call.pod))
    add(call.pod.uid)
  }
  for (const name of SHARED) if (call[name] !== before?.[name]) add(call[name])
  add(callOutcome(call))
  add(summary ? summary.reason : reasonIn(call))
}
