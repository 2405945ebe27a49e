import { fieldOf } from "../../model/filter/field.ts"
import { tests } from "../../model/filter/filter.ts"
import { KnownValueCollector } from "../../model/filter/known-values.ts"
import { nearest } from "../../model/filter/nearest.ts"
import { walk } from "../../model/operation.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { readOperations } from "../../store/query/operations.ts"
import type { Context } from "../context.ts"
import { visible } from "../terminal/colour.ts"
import type { Selection } from "./selection.ts"

const MOST_VALUES = 8

/** If nothing matched because a filter names a plugin, a pod or the like that the capture does not have: says what it has. */
export async function explainNothingFound(
  { stderr }: Context,
  { capture, filter }: Pick<Selection, "capture" | "filter">,
): Promise<void> {
  const named = [...tests(filter)].flatMap(({ field, operator, values }) =>
    operator === "=" && fieldOf(field).completedBy !== undefined
      ? values.flatMap((value) => (value.kind === "text" ? [{ field, text: value.text }] : []))
      : [],
  )
  if (named.length === 0) return
  const collector = new KnownValueCollector()
  for await (const { calls } of readOperations(capture, new ReadErrors(), {}, { withoutStreams: true }))
    for (const { call } of walk(calls)) collector.add(call)
  const known = collector.values()
  for (const { field, text } of named) {
    const values = known[field] ?? []
    if (values.some((value) => isNamedBy(value, text))) continue
    const near = nearest(text, values)
    const listed = values.slice(0, MOST_VALUES).join(", ") + (values.length > MOST_VALUES ? ", …" : "")
    const hint = near ? `Did you mean ${near}?` : listed ? `It has ${listed}.` : "It has none."
    stderr.write(visible(`cnitap: no call in ${capture.path} has ${field} ${text}. ${hint}`).concat("\n"))
  }
}

/** A pod is also named with its namespace, and IDs by their first digits. */
function isNamedBy(value: string, text: string): boolean {
  const name = text.slice(text.lastIndexOf("/") + 1).toLowerCase()
  return value.toLowerCase().startsWith(text.toLowerCase()) || value.toLowerCase() === name
}
