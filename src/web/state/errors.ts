import { computed } from "@preact/signals"
import { operandText } from "../../model/filter/text.ts"
import type { OperationSummary } from "../../model/packed-operations.ts"
import { type ErrorGroup, ErrorGroups, errorMessageOf } from "../../model/statistics/error-groups.ts"
import { settled, settledAll } from "./settled.ts"

/** `times`: of its operations, milliseconds since 1970, in order. */
export type TimedErrorGroup = ErrorGroup & { times: number[] }

const messages = new WeakMap<OperationSummary, string>()

/** The message that failures of the same kind have in common, as in `cnitap stats --errors`. */
export function messageOf(operation: OperationSummary): string | undefined {
  const known = messages.get(operation)
  if (known !== undefined) return known
  const message = errorMessageOf(operation)
  if (message !== undefined) messages.set(operation, message)
  return message
}

/** Failures among the operations that match the filter by message, the most frequent first. */
export const errorGroups = computed(() => groupErrors(settled.value))
/** The same of all operations. */
export const allErrorGroups = computed(() => groupErrors(settledAll.value))

function groupErrors(operations: readonly OperationSummary[]): TimedErrorGroup[] {
  const groups = new ErrorGroups()
  const times = new Map<string, number[]>()
  for (const operation of operations) {
    const message = messageOf(operation)
    if (message === undefined) continue
    groups.add(operation, message)
    const own = times.get(message)
    if (own) own.push(operation.wallMs)
    else times.set(message, [operation.wallMs])
  }
  return groups.list().map((group) => ({ ...group, times: times.get(group.message) ?? [] }))
}

/** A filter for the failures with a message: for what is between the parts that differ, or for how they ended. */
export function errorFilter({ message, plugins }: Pick<ErrorGroup, "message" | "plugins">): string {
  const [, exit, signal] = /^(?:exit (\d+)|killed by (SIG\w+)|.*), without a message$/.exec(message) ?? []
  if (exit ?? signal)
    return `plugin in (${plugins.map((text) => operandText({ kind: "text", text })).join(", ")}) and ${exit ? `exit=${exit}` : `signal=${signal}`}`
  const parts = message.split(/<\w+>|…|\n/).map((part) => part.replace(/^\W+|[\s:,([]+$/g, ""))
  const texts = parts.filter((part) => /\w{3}/.test(part)).map((part) => operandText({ kind: "text", text: part }))
  return ["failed", ...texts].join(" ")
}
