import { setFlagsFromString } from "node:v8"
import { Command, CommanderError } from "commander"
import { FAULTS, Fault } from "../fault/fault.ts"
import { collectNames } from "./args/option.ts"
import { addCompletion } from "./complete/completion.ts"
import type { Context } from "./context.ts"
import { endExpiredInstalls } from "./expired-installs.ts"
import { addHelp } from "./help/help.ts"
import { FIRST_STEPS } from "./help/overview.ts"
import { sentence } from "./help/sentence.ts"
import { repeatFlags } from "./render/command-text.ts"
import { COLOUR_CHOICES, type ColourChoice, visible } from "./terminal/colour.ts"
import { startPager } from "./terminal/pager.ts"
import type { Declare, Example, Verb } from "./verb.ts"
import { VERB_GROUPS, type VerbEntry, type VerbGroup } from "./verbs.ts"
import { VERSION } from "./version.ts"

/** A command by its name, as people type it, and its verbs. */
export type Program = {
  name: "cnitap" | "kubectl cnitap"
  groups: readonly VerbGroup[]
  /** what to type first */
  firstSteps: string
}

const ON_NODE: Program = { name: "cnitap", groups: VERB_GROUPS, firstSteps: FIRST_STEPS }

/** Parses one command line, runs its verb and returns the exit status. */
export async function runCommandLine(context: Context, args: readonly string[], program = ON_NODE): Promise<number> {
  try {
    await commandLine(context, program, args).parseAsync(asKubectl(args), { from: "user" })
    return context.exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : FAULTS.USAGE
    throw error
  }
}

/** kubectl accepts `-o=json` for `-o json`, and `describe pod web-1` as well as `describe pod/web-1`. */
function asKubectl(args: readonly string[]): string[] {
  const [verb = "", kind = "", name = "", ...rest] = args.map((argument) => argument.replace(/^(-[a-zA-Z])=/, "$1"))
  const isPair =
    ["show", "explain"].includes(verb) && /^(?:pods?|operation|call|container)$/.test(kind) && /^\w/.test(name)
  return isPair ? [verb, `${kind}/${name}`, ...rest] : args.map((argument) => argument.replace(/^(-[a-zA-Z])=/, "$1"))
}

/** Every verb by name and summary; the one that is used is loaded and declared before its arguments are parsed. */
function commandLine(context: Context, program: Program, args: readonly string[]): Command {
  const root = new Command(program.name)
    .description("See what every CNI plugin was given and what it gave back.")
    .version(VERSION)
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: (text, write) => write(errorText(text, hintFor(text))),
    })
    .configureHelp({ showGlobalOptions: false })
    .exitOverride()
  const undeclared = new Map<Command, VerbEntry>()
  for (const { title, verbs } of program.groups)
    for (const verb of verbs)
      undeclared.set(
        root.command(verb.name).summary(verb.summary).helpGroup(`${title}:`).copyInheritedSettings(root),
        verb,
      )
  const declare: Declare = async (command) => {
    const entry = undeclared.get(command)
    undeclared.delete(command)
    if (entry) declareVerb(context, program, command, entry, await entry.load())
  }
  root.hook("preSubcommand", (_, command) => declare(command))
  addHelp(root, context, declare, program)
  addCompletion(root, context, declare)
  if (program === ON_NODE)
    root
      .command("__stream", { hidden: true })
      .option("--root <directory>")
      .argument("[positions...]")
      .action(async (positions: string[], options: Record<string, unknown>) =>
        (await import("./capture-stream.ts")).streamCapture(context, options, positions),
      )
  if (program === ON_NODE)
    root
      .command("__observe", { hidden: true })
      .option("--root <directory>", "", "/")
      .option("--bin-dir <directories>", "", collectNames)
      .option("--conf-dir <directory>")
      .option("--detach")
      .action(async (options: Record<string, unknown>) => {
        const { detachObserver, runObserver } = await import("./observer-process.ts")
        await (options.detach === true ? detachObserver(context, args) : runObserver(context, options))
      })
  for (const command of root.commands)
    if (!undeclared.has(command)) explainErrors(command, `Usage: ${program.name} ${command.name()} ${command.usage()}`)
  return root
}

function declareVerb(
  context: Context,
  program: Program,
  command: Command,
  { name, summary }: VerbEntry,
  verb: Verb,
): void {
  command.description([sentence(summary), verb.description ?? ""].join("\n").trimEnd())
  verb.define(command)
  command.option("--color <when>", "colours: auto (on a terminal), always or never", colourChoice, "auto")
  if (verb.isPaged) command.option("--no-pager", "print without a pager")
  explainErrors(command, `Usage: ${program.name} ${name} ${command.usage()}`)
  command.addHelpText("after", examplesText(verb.examples)).action(() => runVerb(context, program, verb, command))
}

/** Flags as other tools call them; the first one that the verb has is suggested. */
const FLAG_SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  "--limit": ["--last"],
  "--tail": ["--last"],
  "--lines": ["--last"],
  "--follow": ["--watch"],
  "-f": ["--watch"],
  "--sort": ["--sort-by"],
  "--name": ["--pod"],
  "--type": ["--plugin"],
  "--file": ["--from", "--out"],
  "--dir": ["--capture"],
}

function explainErrors(command: Command, usage: string): void {
  command.configureOutput({
    outputError(text, write) {
      const [, flag = ""] = /unknown option '([^']*)'/.exec(text) ?? []
      const meant = FLAG_SYNONYMS[flag]?.find((name) => command.options.some(({ long }) => long === name))
      write(errorText(text, meant ? `Did you mean ${meant}?` : usage))
    },
  })
}

async function runVerb(context: Context, program: Program, verb: Verb, command: Command): Promise<void> {
  // V8 lets the heap grow to four times what is alive before it collects: on a node, that memory is the pods'. Not earlier:
  // a changed flag makes Node.js compile the built-in modules that are loaded afterwards instead of using its cache.
  setFlagsFromString("--heap-growing-percent=50")
  const options = command.opts()
  context.colour = options.color
  // Verbs that look for installs in other directories, or on another node, end them themselves.
  const { root = "/", shimDir } = options
  if (program === ON_NODE && root === "/" && shimDir === undefined) await endExpiredInstalls(context)
  const isPaged = typeof verb.isPaged === "function" ? verb.isPaged(options) : verb.isPaged
  const paged = isPaged && options.pager ? await startPager(context) : undefined
  const run = (to: Context) => verb.run(to, command.processedArgs, options)
  try {
    if (!paged) return await run(context)
    await run(paged.context)
    context.exitCode = paged.context.exitCode
  } catch (error) {
    throw error instanceof Fault ? error.withHint(repeatFlags(error.hint, options)) : error
  } finally {
    await paged?.close()
  }
}

function colourChoice(text: string): ColourChoice {
  const choice = COLOUR_CHOICES.find((one) => one === text)
  if (choice) return choice
  throw new Fault("USAGE", `--color must be ${COLOUR_CHOICES.join(", ")}`, "Write --color never.")
}

function examplesText(examples: readonly Example[]): string {
  return ["", "Examples:", ...examples.flatMap(([line, meaning]) => [`  ${line}`, `      ${meaning}`])].join("\n")
}

/** What kubectl, docker and systemctl call it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  list: "ls",
  get: "ls",
  logs: "tail",
  log: "tail",
  follow: "tail",
  describe: "show",
  inspect: "show",
  cat: "show",
  top: "ps",
  why: "explain",
  check: "lint",
  leaks: "ledger",
  remove: "uninstall",
  undo: "uninstall",
  start: "install",
  stop: "uninstall",
}

/** The next step after a mistake before any verb. */
function hintFor(text: string): string {
  const [, kind, word = ""] = /unknown (command|option) '([^']*)'/.exec(text) ?? []
  if (kind === "option") return `Write flags after the verb: cnitap ls ${word}.`
  return SYNONYMS[word] ? `Did you mean ${SYNONYMS[word]}?` : "`cnitap help` lists the verbs."
}

/** commander's message as ours: `error: unknown command 'lss'\n(Did you mean ls?)` */
function errorText(text: string, otherwise: string): string {
  const [line = "", suggestion = ""] = text
    .trimEnd()
    .replace(/^error: /, "")
    .split("\n")
  const isSynonym = otherwise.startsWith("Did you mean")
  const hint = (!isSynonym && suggestion.replace(/^\(|\)$/g, "")) || otherwise
  return `cnitap: ${visible(line.replace(/\.$/, ""))}. ${visible(hint)}\n`
}
