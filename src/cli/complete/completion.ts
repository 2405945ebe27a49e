import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { openSelected } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { visible } from "../render/colour.ts"
import { candidates } from "./candidates.ts"
import { readCompletionValues } from "./completion-values.ts"
import { SCRIPTS, SHELLS } from "./scripts.ts"

/** `cnitap completion SHELL`, and the hidden command that its scripts call. */
export function addCompletion(root: Command, context: Context): void {
  root
    .command("completion")
    .description("print a completion script for a shell")
    .argument("<shell>", SHELLS.join(", "))
    .action((name: string) => {
      const shell = SHELLS.find((one) => one === name)
      if (!shell) throw new Fault("USAGE", `unknown shell: ${name}`, `Use one of ${SHELLS.join(", ")}.`)
      context.stdout.write(SCRIPTS[shell])
    })
  root
    .command("__complete", { hidden: true })
    .argument("<line>")
    .action(async (line: string) => {
      const { values, files } = await candidates(root, line, (options) => valuesOf(context, options))
      const lines = values.filter(({ text }) => SAFE.test(text)).map(({ text, help }) => `${text}\t${visible(help)}\n`)
      context.stdout.write(files ? ":files\n" : lines.join(""))
    })
}

/** A record can contain any pod name, and the completed line is executed. */
const SAFE = /^[\w@%+=:,./-]+$/

/** Without a readable capture, options and verbs are still completed. */
async function valuesOf(context: Context, options: Record<string, string>) {
  try {
    return await readCompletionValues(await openSelected(context, options))
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
