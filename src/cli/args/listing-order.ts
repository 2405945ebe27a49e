import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { podName } from "../../model/format.ts"
import type { Operation } from "../../model/operation.ts"
import type { Context } from "../context.ts"
import type { Format } from "../render/output.ts"
import { parseCount } from "./count.ts"
import { textOption } from "./option.ts"

/** Reads operations in the order they started, or the newest first. */
export type ReadInOrder = (order: { newestFirst: boolean }) => AsyncIterable<Operation>

export function addListingOrder(command: Command): Command {
  return command
    .option("--last <number>", "only the newest ones")
    .option("--sort-by <key>", `${SORT_KEYS.join(", ")}; times: newest first, durations: longest first`)
}

/**
 * The operations in the order that the options ask for. Without --sort-by a table on a terminal has the newest first, as
 * `docker ps` and `crictl pods` have; a pipe and the formats for programs get them in the order they started.
 */
export async function* inListingOrder(
  context: Context,
  options: Record<string, unknown>,
  format: Format,
  read: ReadInOrder,
): AsyncGenerator<Operation> {
  const last = lastOf(options)
  const compare = comparisonOf(options)
  const isForPeople = context.stdout.isTTY === true && (format.kind === "table" || format.kind === "wide")
  if (compare) {
    const operations: Operation[] = []
    for await (const operation of last === undefined ? read({ newestFirst: true }) : newest(read, last))
      operations.push(operation)
    yield* operations.sort(compare)
  } else if (last === undefined) yield* read({ newestFirst: isForPeople })
  else if (isForPeople) yield* newest(read, last)
  else yield* oldestFirst(read, last)
}

/** The newest operations in the order they started. */
export async function* oldestFirst(read: ReadInOrder, last: number | undefined): AsyncGenerator<Operation> {
  if (last === undefined) {
    yield* read({ newestFirst: false })
    return
  }
  const operations: Operation[] = []
  for await (const operation of newest(read, last)) operations.push(operation)
  yield* operations.reverse()
}

export function lastOf({ last }: Record<string, unknown>): number | undefined {
  return last === undefined ? undefined : parseCount(last, "--last", 20)
}

async function* newest(read: ReadInOrder, last: number): AsyncGenerator<Operation> {
  if (last === 0) return
  let count = 0
  for await (const operation of read({ newestFirst: true })) {
    yield operation
    if (++count === last) return
  }
}

type Comparison = (a: Operation, b: Operation) => number

const KEYS: Readonly<Record<string, Comparison>> = {
  time: (a, b) => b.wallMs - a.wallMs,
  duration: (a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0),
  pod: byText(podName),
  command: byText(({ command }) => command),
  outcome: byText(({ outcome }) => outcome),
  network: byText(({ network }) => network ?? ""),
  node: byText(({ node }) => node ?? ""),
}

export const SORT_KEYS = Object.keys(KEYS)

function byText(textOf: (operation: Operation) => string): Comparison {
  return (a, b) => {
    const [left, right] = [textOf(a), textOf(b)]
    return left < right ? -1 : left > right ? 1 : 0
  }
}

function comparisonOf({ sortBy }: Record<string, unknown>): Comparison | undefined {
  const key = textOption(sortBy)
  if (key === undefined) return undefined
  const compare = KEYS[key]
  if (compare) return compare
  throw new Fault("USAGE", `unknown sort key ${key}`, `Use one of ${SORT_KEYS.join(", ")}.`)
}
