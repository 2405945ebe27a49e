import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import type { Context } from "../context.ts"
import type { Declare } from "../verb.ts"
import { SCRIPTS, SHELLS } from "./scripts.ts"

/** `cnitap completion SHELL`, and the hidden command that its scripts call. */
export function addCompletion(root: Command, context: Context, declare: Declare): void {
  root
    .command("completion")
    .summary("print the completion script of a shell")
    .description("Print the completion script of a shell.")
    .usage("<shell>")
    .argument("[shell]", SHELLS.join(", "))
    .action((name: string | undefined) => {
      const shell = SHELLS.find((one) => one === name)
      if (!shell)
        throw new Fault(
          "USAGE",
          name === undefined ? "no shell is named" : `unknown shell: ${name}`,
          `Use one of ${SHELLS.join(", ")}: source <(cnitap completion bash).`,
        )
      context.stdout.write(SCRIPTS[shell])
    })
  root
    .command("__complete", { hidden: true })
    .argument("<line>")
    .action(async (line: string) => (await import("./answer.ts")).answer(context, root, declare, line))
}
