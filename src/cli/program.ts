import { Command, CommanderError } from "commander"
import { FAULTS, Fault } from "../fault/fault.ts"
import { endExpiredHere } from "./args/node.ts"
import { addCompletion } from "./complete/completion.ts"
import type { Context } from "./context.ts"
import { addHelp } from "./help/help.ts"
import { startPager } from "./render/pager.ts"
import type { Verb } from "./verb.ts"
import { VERB_GROUPS } from "./verbs.ts"
import { VERSION } from "./version.ts"

/** Runs one command line and returns the exit status; nothing below it exits or prints a stack. */
export async function program(context: Context, args: string[]): Promise<number> {
  try {
    await commandLine(context).parseAsync(args.length > 0 ? args.map(asKubectl) : ["--help"], { from: "user" })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAULTS.USAGE
    return reportError(context, error)
  }
}

/** Says what went wrong and what to do about it; returns the exit status of it. */
export function reportError({ stderr }: Pick<Context, "stderr">, error: unknown): number {
  const fault = error instanceof Fault ? error : faultOf(error)
  // A filter's message ends with the line that points at the place.
  const separator = fault.message.includes("\n") ? "\n" : ". "
  stderr.write(`cnitap: ${fault.message}${separator}${fault.hint}\n`)
  return FAULTS[fault.code]
}

/** kubectl takes `-o=json` for `-o json`. */
function asKubectl(argument: string): string {
  return argument.replace(/^(-[a-zA-Z])=/, "$1")
}

/** Every verb with its arguments and flags: what is parsed, completed and printed as help and manual. */
function commandLine(context: Context): Command {
  const root = new Command("cnitap")
    .description("See what every CNI plugin was given and what it gave back.")
    .version(VERSION)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(errorText(text, "`cnitap help` lists the verbs.")),
    })
    .configureHelp({ showGlobalOptions: false })
    .exitOverride()
  for (const { title, verb } of VERB_GROUPS.flatMap(({ title, verbs }) => verbs.map((verb) => ({ title, verb })))) {
    const command = root.command(verb.name).description(verb.summary).helpGroup(title).copyInheritedSettings(root)
    verb.define(command)
    const usage = `Usage: cnitap ${verb.name} ${command.usage()}`
    command.configureOutput({ outputError: (text, write) => write(errorText(text, usage)) })
    if (verb.examples) command.addHelpText("after", examplesText(verb.examples))
    command.action(async () => runVerb(context, verb, command))
  }
  addHelp(root, context)
  addCompletion(root, context)
  return root
}

async function runVerb(context: Context, verb: Verb, command: Command): Promise<void> {
  if (!command.opts().root) endExpiredHere(context)
  const isPaged = typeof verb.isPaged === "function" ? verb.isPaged(command.opts()) : verb.isPaged
  const paged = isPaged ? startPager(context) : undefined
  if (!paged) return verb.run(context, command.processedArgs, command.opts())
  try {
    await verb.run(paged.context, command.processedArgs, command.opts())
    context.exitCode = paged.context.exitCode
  } finally {
    await paged.close()
  }
}

function examplesText(examples: readonly [string, string][]): string {
  return ["", "Examples:", ...examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`])].join("\n")
}

/** commander's complaint in our words: `error: unknown command 'lss'\n(Did you mean ls?)` */
function errorText(text: string, otherwise: string): string {
  const [line = "", meant = ""] = text
    .trimEnd()
    .replace(/^error: /, "")
    .split("\n")
  const hint = meant.replace(/^\(|\)$/g, "") || otherwise
  return `cnitap: ${line.replace(/\.$/, "")}. ${hint}\n`
}

/** What the system refused is told with the path it was about; anything else is our own mistake. */
function faultOf(error: unknown): Fault {
  const { code, path, syscall, message, stack } = error as NodeJS.ErrnoException
  if (code !== undefined && syscall !== undefined) {
    const what = `cannot ${syscall} ${path ?? ""}`.trim()
    if (code === "ENOSPC" || code === "EDQUOT")
      return new Fault("NOT_PERMITTED", `${what}: no space is left`, "Free some, or write to another place.", error)
    if (code === "EACCES" || code === "EPERM")
      return new Fault("NOT_PERMITTED", `${what}: ${code}`, "Run as root.", error)
    return new Fault("INTERNAL", `${what}: ${code}`, "See what is wrong with that file, or report this.", error)
  }
  return new Fault("INTERNAL", `a fault of its own: ${stack ?? message}`, "Please report it with these lines.", error)
}
