import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { nearest } from "../../model/filter/nearest.ts"
import type { Context } from "../context.ts"
import { manPage } from "./man.ts"
import { TOPICS } from "./topics.ts"

/** `cnitap help [verb or topic]`, and the man page of everything. */
export function addHelp(root: Command, context: Context): void {
  root
    .helpCommand(false)
    .command("help")
    .description("help on a verb or a topic")
    .argument("[name]", `a verb, or one of ${TOPICS.map(({ name }) => name).join(", ")}`)
    .option("--man", "the whole manual as a man page: cnitap help --man | man -l -")
    .action((name: string | undefined, { man }: { man?: true }) => {
      if (man) context.stdout.write(manPage(root))
      else showHelp(root, context, name)
    })
  root.addHelpText("after", topicLines)
}

function showHelp(root: Command, context: Context, name: string | undefined): void {
  const verb = name === undefined ? root : root.commands.find((command) => command.name() === name)
  const topic = TOPICS.find((candidate) => candidate.name === name)
  if (verb) verb.outputHelp()
  else if (topic) context.stdout.write(topic.text())
  else throw unknownName(root, name ?? "")
}

function unknownName(root: Command, name: string): Fault {
  const names = [...root.commands.map((command) => command.name()), ...TOPICS.map((one) => one.name)]
  const meant = nearest(name, names)
  throw new Fault(
    "USAGE",
    `no help on ${name}`,
    meant ? `Did you mean ${meant}?` : "`cnitap help` lists what there is.",
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
