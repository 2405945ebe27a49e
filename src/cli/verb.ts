import type { Command } from "commander"
import type { Context } from "./context.ts"

/** One verb of the command line: one file in verbs/, one line in verbs.ts. */
export interface Verb {
  name: string
  summary: string
  /** command lines and what each does */
  examples?: readonly [string, string][]
  /** its output may be longer than a terminal, and ends; by its options where that depends */
  isPaged?: true | ((options: Record<string, unknown>) => boolean)
  /** Declares arguments and options on its command. */
  define(command: Command): void
  /** `args` and `options` are commander's, not yet narrowed: a verb checks what it reads. */
  run(context: Context, args: readonly unknown[], options: Record<string, unknown>): Promise<void>
}
