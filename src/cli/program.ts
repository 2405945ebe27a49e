import { Command, CommanderError } from "commander"
import { FAULTS, Fault } from "../fault/fault.ts"
import type { Context } from "./context.ts"
import { VERBS } from "./verbs.ts"

/** Runs one command line and returns the exit status; nothing below it exits or prints a stack. */
export async function program(context: Context, args: string[]): Promise<number> {
  const root = new Command("cnitap")
    .description("See what every CNI plugin was given and what it gave back.")
    .version("0.1.0")
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: (text) => context.stderr.write(text) })
    .exitOverride()
  for (const verb of VERBS) {
    const command = root.command(verb.name).description(verb.summary).copyInheritedSettings(root)
    verb.define(command)
    command.action(async () => verb.run(context, command.processedArgs, command.opts()))
  }
  try {
    await root.parseAsync(args, { from: "user" })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAULTS.USAGE
    if (!(error instanceof Fault)) throw error
    // A filter's message ends with the line that points at the place.
    const separator = error.message.includes("\n") ? "\n" : ". "
    context.stderr.write(`cnitap: ${error.message}${separator}${error.hint}\n`)
    return FAULTS[error.code]
  }
}
