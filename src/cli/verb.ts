import type { Command } from "commander"
import type { Context } from "./context.ts"

/** Arguments, flags and behaviour of a verb: one file in verbs/. Its name and summary are in verbs.ts. */
export interface Verb {
  /** what the verb's own help says after the summary: exit statuses, what it reads, what it leaves alone */
  description?: string
  /** two or three command lines that people really type, and what each does */
  examples: readonly Example[]
  /** its output ends and may be longer than a terminal; a function where that depends on the options */
  isPaged?: true | ((options: Record<string, unknown>) => boolean)
  /** Declares arguments and options on its command. */
  define(command: Command): void
  /** `args` and `options` are commander's, not yet narrowed: a verb checks what it reads. */
  run(context: Context, args: readonly unknown[], options: Record<string, unknown>): Promise<void>
}

export type Example = readonly [commandLine: string, meaning: string]

/** Adds a verb's arguments, flags and examples to its command, which until then has a name and a summary only. */
export type Declare = (command: Command) => Promise<void>
