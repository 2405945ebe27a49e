import { Fault } from "../../fault/fault.ts"
import type { Filter } from "../../model/filter/filter.ts"
import type { CallNode, Operation } from "../../model/operation.ts"
import { readOperations } from "../../store/query/operations.ts"
import type { Selection } from "./selection.ts"

/** A call and its operation. */
export type FoundCall = { operation: Operation; node: CallNode }

/**
 * Finds the call whose ID begins with the given digits, and reads its operation with all streams. An operation has the
 * ID of its first call; `operation/ID` and `call/ID` are accepted. Throws a Fault if there is none or several.
 */
export async function findCall(
  { capture, readErrors, progress }: Pick<Selection, "capture" | "readErrors" | "progress">,
  id: string,
): Promise<FoundCall> {
  const prefix = id.replace(/^(operation|call)\//, "").toLowerCase()
  const filter: Filter = { kind: "test", field: "id", operator: "=", values: [{ kind: "text", text: prefix }] }
  const found: FoundCall[] = []
  for await (const operation of readOperations(capture, readErrors, {}, { filter, progress }))
    found.push(...callsWithPrefix(operation, prefix))
  const [call, another] = found
  if (!call) throw new Fault("NOT_FOUND", `no call ${id} in ${capture.path}`, "List operations with `cnitap ls`.")
  if (!another) return call
  throw ambiguousName(
    id,
    "IDs",
    found.map(({ node }) => node.call.id),
    "Give more digits.",
  )
}

/** The calls of an operation, nested ones included, whose ID begins with the prefix. */
export function callsWithPrefix(operation: Operation, prefix: string): FoundCall[] {
  const search = (nodes: CallNode[]): FoundCall[] =>
    nodes.flatMap((node) => [
      ...(node.call.id.startsWith(prefix) ? [{ operation, node }] : []),
      ...search(node.children),
    ])
  return search(operation.calls)
}

const MOST_NAMES = 5

/** A name that several things begin with. `what`: the plural of what they are. */
export function ambiguousName(name: string, what: string, names: string[], hint: string): Fault {
  const shown = names.slice(0, MOST_NAMES).join(", ")
  const more = names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : ""
  return new Fault("USAGE", `${name} matches several ${what} (${shown}${more})`, hint)
}
