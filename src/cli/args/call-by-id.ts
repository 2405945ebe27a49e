import { Fault } from "../../fault/fault.ts"
import type { Filter } from "../../model/filter/filter.ts"
import type { CallNode, Operation } from "../../model/operation.ts"
import { readOperations } from "../../store/query/operations.ts"
import type { Selection } from "./selection.ts"

/** A call and its operation. */
export type FoundCall = { operation: Operation; node: CallNode }

/** Reads the operation of a call with all streams. Throws a Fault if the call is gone. */
export async function findCall(
  { capture, readErrors, progress }: Pick<Selection, "capture" | "readErrors" | "progress">,
  id: string,
): Promise<FoundCall> {
  const filter: Filter = { kind: "test", field: "id", operator: "=", values: [{ kind: "text", text: id }] }
  for await (const operation of readOperations(capture, readErrors, {}, { filter, progress })) {
    const [found] = callsWithPrefix(operation, id)
    if (found) return found
  }
  throw new Fault("NOT_FOUND", `call ${id} was removed from the capture meanwhile`, "Run the command again.")
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
