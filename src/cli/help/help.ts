import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { nearest } from "../../model/filter/nearest.ts"
import type { Context } from "../context.ts"
import type { Declare } from "../verb.ts"
import { TOPICS } from "./topics.ts"

/** `cnitap help [verb or topic]`, and the manual page. */
export function addHelp(
  root: Command,
  context: Context,
  declare: Declare,
  { firstSteps }: { firstSteps: string },
): void {
  root
    .helpCommand(false)
    .command("help")
    .summary("describe a verb or a topic")
    .description("Describe a verb or a topic.")
    .argument("[name]", `a verb, or one of ${TOPICS.map(({ name }) => name).join(", ")}`)
    .option("--man", "print the manual page: cnitap help --man | man -l -")
    .action(async (name: string | undefined, { man }: { man?: true }) => {
      if (man) context.stdout.write(await (await import("./man.ts")).manPage(root, declare))
      else await showHelp(root, context, name, declare)
    })
  root
    .command("version")
    .summary("print the version, and those of the format and the relay")
    .description("Print the version, and those of the record format and the relay.")
    .action(async () => {
      context.stdout.write((await import("./version-text.ts")).versionText())
    })
  root.usage("<verb> [flags]").addHelpText(
    "before",
    `${firstSteps}
`,
  )
  root.addHelpText("after", topicLines)
}

async function showHelp(root: Command, context: Context, name: string | undefined, declare: Declare): Promise<void> {
  const command = name === undefined ? root : root.commands.find((candidate) => candidate.name() === name)
  const topic = TOPICS.find((candidate) => candidate.name === name)
  if (command) {
    await declare(command)
    command.outputHelp()
  } else if (topic) context.stdout.write(await topic.text())
  else throw unknownName(root, name ?? "")
}

function unknownName(root: Command, name: string): Fault {
  const names = [...root.commands.map((command) => command.name()), ...TOPICS.map((topic) => topic.name)]
  const suggestion = nearest(name, names)
  throw new Fault(
    "USAGE",
    `no verb or topic is named ${name}`,
    suggestion ? `Did you mean ${suggestion}?` : "`cnitap help` lists both.",
  )
}

function topicLines(): string {
  const width = Math.max(...TOPICS.map(({ name }) => name.length))
  return [
    "",
    "Topics (cnitap help TOPIC):",
    ...TOPICS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
  ].join("\n")
}
