import { statSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import type { Call } from "../../model/call.ts"
import { SignatureCounts } from "../../model/compare/compare-signatures.ts"
import type { Operation } from "../../model/operation.ts"
import type { Context } from "../context.ts"
import { reportReadErrors } from "./report-read-errors.ts"
import { type Selection, select } from "./selection.ts"
import { findSubject, matching } from "./subject.ts"

/**
 * One side of a comparison: a call, an operation, or all of a pod, a container, a node or a capture.
 * `newest`: by command.
 */
export type DiffSide =
  | { kind: "call"; name: string; call: Call }
  | { kind: "operation"; name: string; operation: Operation }
  | { kind: "signatures"; name: string; signatures: SignatureCounts; newest: ReadonlyMap<string, Operation> }

/** `word`: an ID, a pod, `node/NAME`, or the path of another capture. */
export async function readDiffSide(
  context: Context,
  options: Record<string, unknown>,
  selection: Selection,
  word: string,
): Promise<DiffSide> {
  const path = captureAt(word)
  if (path) {
    const other = await select(context, path)
    const all = await readSignatures(other.operations())
    await reportReadErrors(context, other, all.signatures.count)
    return { kind: "signatures", name: word, ...all }
  }
  const node = /^node\/(.+)$/.exec(word)?.[1]
  if (node !== undefined) {
    const all = await readSignatures(matching(selection, "node", node))
    if (all.signatures.count > 0) return { kind: "signatures", name: word, ...all }
    throw new Fault(
      "NOT_FOUND",
      `no operation of node ${node} in ${selection.capture.path}`,
      "The NODE column of `cnitap ls -o wide` lists nodes.",
    )
  }
  const { name, operation, call, related } = await findSubject(selection, word, options.namespace)
  if (call) return { kind: "call", name, call }
  if (operation) return { kind: "operation", name, operation }
  return { kind: "signatures", name, ...(await readSignatures(related())) }
}

/** The option for a capture directory or bundle at that path; undefined if the word is not a path. */
export function captureAt(word: string): Record<string, unknown> | undefined {
  const found = statSync(word, { throwIfNoEntry: false })
  // It can only be a path: opening it reports that it does not exist.
  if (!found) return /^\.{0,2}\//.test(word) ? { capture: [word] } : undefined
  return found.isDirectory() ? { capture: [word] } : { from: [word] }
}

async function readSignatures(
  operations: AsyncIterable<Operation>,
): Promise<{ signatures: SignatureCounts; newest: Map<string, Operation> }> {
  const signatures = new SignatureCounts()
  const newest = new Map<string, Operation>()
  for await (const operation of operations) {
    signatures.add(operation)
    newest.set(operation.command, operation)
  }
  return { signatures, newest }
}
