import { ANSWERS } from "../../model/call-schema.ts"
import { calledAll } from "../../model/outcome.ts"
import { type Columns, outcomeAt, textAt } from "./columns.ts"

/**
 * A way in which operations of a network called its plugins. `key`: node, network and interface; `plugins`: in list order;
 * `operations`: the first of them, by number.
 */
export type ListVariant = { key: string; plugins: string[]; operations: number[] }

/** More operations of a block than may continue in another one. */
const MOST_SAMPLES = 4

/** The top-level calls of an operation, as rows; undefined if one of them failed. */
export function calledRows(columns: Columns, operation: number): number[] | undefined {
  const { operations, numbers, rows } = columns
  const from = operations.from[operation] ?? 0
  const command = textAt(columns, "command", from)
  if (command !== "ADD" && command !== "DEL" && command !== "CHECK") return undefined
  const to = operations.from[operation + 1] ?? rows
  const top: number[] = []
  for (let row = from; row < to; row++) if (numbers.level[row] === 0) top.push(row)
  const outcome = outcomeAt(columns, operation)
  if (outcome === "ok") return top
  const answer = ANSWERS[numbers.answer[top.at(-1) ?? from] ?? 0]
  if (outcome !== "failed" || answer === undefined || answer === "result") return undefined
  return calledAll({ outcome, outcomeReason: { kind: answer } }) ? top : undefined
}

export function listKey(columns: Columns, row: number): string {
  return [
    textAt(columns, "node", row) ?? "",
    textAt(columns, "network", row) ?? "",
    textAt(columns, "ifname", row) ?? "",
  ].join("\n")
}

export function pluginsInListOrder(columns: Columns, calls: readonly number[]): string[] {
  const plugins = calls.map((row) => textAt(columns, "plugin", row) ?? "")
  return textAt(columns, "command", calls[0] ?? 0) === "DEL" ? plugins.reverse() : plugins
}

/** Every way in which operations of the block called the plugins of a network, once. */
export function listVariants(columns: Columns): ListVariant[] {
  const { texts, operations } = columns
  const variants = new Map<string, ListVariant>()
  for (let operation = 0; operation < operations.from.length; operation++) {
    const calls = calledRows(columns, operation)
    const [first] = calls ?? []
    if (!calls || first === undefined) continue
    let numbers = `${texts.node[first]},${texts.network[first]},${texts.ifname[first]},${texts.command[first]}`
    for (const row of calls) numbers += `,${texts.plugin[row]}`
    const known = variants.get(numbers)
    if (!known)
      variants.set(numbers, {
        key: listKey(columns, first),
        plugins: pluginsInListOrder(columns, calls),
        operations: [operation],
      })
    else if (known.operations.length < MOST_SAMPLES) known.operations.push(operation)
  }
  return [...variants.values()]
}
