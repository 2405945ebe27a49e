import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { openCaptures } from "../args/captures.ts"
import type { Context } from "../context.ts"
import { visible } from "../terminal/colour.ts"
import type { Declare } from "../verb.ts"
import { candidates } from "./candidates.ts"
import { type CompletionValues, readCompletionValues } from "./completion-values.ts"

/** Prints what can complete a line: a candidate and its help per line, or `:files`. */
export async function answer(context: Context, root: Command, declare: Declare, line: string): Promise<void> {
  const { values, files } = await candidates(root, declare, line, (options) => valuesOf(context, options))
  const lines = values.filter(({ text }) => SAFE.test(text)).map(({ text, help }) => `${text}\t${visible(help)}\n`)
  context.stdout.write(files ? ":files\n" : lines.join(""))
}

/** A record can contain any pod name, and the completed line is executed. */
const SAFE = /^[\w@%+=:,./-]+$/

/** Without a readable capture, options and verbs are still completed. */
async function valuesOf(context: Context, options: Record<string, unknown>): Promise<CompletionValues | undefined> {
  try {
    return await readCompletionValues(await openCaptures(context, options))
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
