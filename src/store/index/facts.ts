import { type FieldName, fieldOf } from "../../model/filter/field.ts"
import type { Filter } from "../../model/filter/filter.ts"
import { type Facts, fieldsOf, type Matcher } from "../../model/filter/match.ts"
import { type Columns, OUTCOMES } from "./columns.ts"

/** Whether an operation (its rows, half-open) can match, as far as the columns tell: most are ruled out unread. */
export function mayMatch(columns: Columns, matcher: Matcher, filter: Filter): (from: number, to: number) => boolean {
  const ofOperation = fieldsOf(filter).every((name) => fieldOf(name).operation)
  let row = 0
  const facts: Facts = (field) => factAt(columns, row, field, ofOperation)
  return (from, to) => {
    for (row = from; row < (ofOperation ? from + 1 : to); row++) if (matcher.decide(facts) !== false) return true
    return false
  }
}

const TEXT_FIELDS: Partial<Record<FieldName, keyof Columns["texts"]>> = {
  command: "command",
  plugin: "plugin",
  namespace: "namespace",
  node: "node",
  network: "network",
  container: "containerId",
  ifname: "ifname",
  netns: "netns",
  cniVersion: "cniVersion",
  runtime: "parentName",
}

function factAt(columns: Columns, row: number, field: FieldName, ofOperation: boolean): ReturnType<Facts> {
  const { texts, small, numbers, dictionary } = columns
  const column = TEXT_FIELDS[field]
  if (column) return [dictionary.text(texts[column][row] ?? 0) ?? (column === "command" ? "" : undefined)]
  if (field === "pod") {
    const name = dictionary.text(texts.name[row] ?? 0)
    return name === undefined ? [] : [name, `${dictionary.text(texts.namespace[row] ?? 0)}/${name}`]
  }
  if (field === "time") return [numbers.wallMs[row]]
  if (field === "duration") {
    const durationMs = numbers[ofOperation ? "operationMs" : "durationMs"][row]
    return Number.isNaN(durationMs) ? undefined : [durationMs]
  }
  if (field === "outcome" && ofOperation) return [OUTCOMES[small.outcome[row] ?? 0]]
  return undefined
}
