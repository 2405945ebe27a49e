import { Fault } from "../../fault/fault.ts"
import { explain } from "../../model/explain/explain.ts"
import type { Explanation } from "../../model/explain/statement.ts"
import type { Capture } from "../../store/capture/capture.ts"
import type { Context } from "../context.ts"
import { captureOptions } from "./captures.ts"
import { readSubject } from "./explain-context.ts"
import { selectFrom } from "./selection.ts"
import { findSubject } from "./subject.ts"

/** What `cnitap explain` says about an operation, for the page. Undefined if it is no longer in the capture. */
export async function explainById(
  context: Context,
  options: Record<string, unknown>,
  capture: Capture,
  id: string,
): Promise<Explanation | undefined> {
  // The page reports unreadable files by itself, and is asked many times.
  const quiet: Context = { ...context, stderr: { write: () => true } }
  const selection = selectFrom(capture, quiet, captureOptions(options))
  try {
    const { operation, related } = await findSubject(selection, `operation/${id}`, undefined)
    if (!operation) return undefined
    const subject = { name: id, operation, related }
    const { completed } = await readSubject(quiet, options, selection, subject)
    return explain(operation, await completed(operation))
  } catch (error) {
    if (error instanceof Fault && error.code === "NOT_FOUND") return undefined
    throw error
  }
}
