import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { openSelected } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { visible } from "../render/colour.ts"
import { candidates } from "./candidates.ts"
import { readKnown } from "./known.ts"
import { SCRIPTS, SHELLS } from "./scripts.ts"

/** `cnitap completion SHELL`, and what its scripts ask. */
export function addCompletion(root: Command, context: Context): void {
  root
    .command("completion")
    .description("print a completion script for a shell")
    .argument("<shell>", SHELLS.join(", "))
    .action((name: string) => {
      const shell = SHELLS.find((one) => one === name)
      if (!shell) throw new Fault("USAGE", `no completion for ${name}`, `Name one of ${SHELLS.join(", ")}.`)
      context.stdout.write(SCRIPTS[shell])
    })
  root
    .command("__complete", { hidden: true })
    .argument("<line>")
    .action(async (line: string) => {
      const { values, files } = await candidates(root, line, (options) => knownOf(context, options))
      const lines = values
        .filter(({ text }) => HARMLESS.test(text))
        .map(({ text, help }) => `${text}\t${visible(help)}\n`)
      context.stdout.write(files ? ":files\n" : lines.join(""))
    })
}

/** A pod's name may be anything in a record, and what is completed is executed. */
const HARMLESS = /^[\w@%+=:,./-]+$/

/** Without a capture, or rights to read it, flags and verbs are still completed. */
async function knownOf(context: Context, options: Record<string, string>) {
  try {
    return await readKnown(await openSelected(context, options))
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
