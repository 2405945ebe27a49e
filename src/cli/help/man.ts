import type { Command, Option } from "commander"
import { DEFAULT_CAPTURE } from "../../capture/default-capture.ts"
import { EXIT_STATUSES } from "../../fault/exit-status.ts"
import { fieldLines, GRAMMAR } from "../../model/filter/grammar.ts"
import type { Declare } from "../verb.ts"
import { VERB_GROUPS } from "../verbs.ts"
import { sentence } from "./sentence.ts"
import { ENVIRONMENT, OUTPUT } from "./topics.ts"

/** The manual page in man(7) macros, generated from the same declarations as the help texts. */
export async function manPage(root: Command, declare: Declare): Promise<string> {
  const verbs = root.commands.filter((command) => !isHidden(command))
  for (const verb of verbs) await declare(verb)
  const declared = await Promise.all(VERB_GROUPS.flatMap(({ verbs }) => verbs).map((verb) => verb.load()))
  const lines = [
    `.TH CNITAP 8 "" "cnitap ${root.version() ?? ""}" "System Administration"`,
    ".nh",
    ".SH NAME",
    `cnitap \\- ${escaped("see what every CNI plugin was given and what it gave back")}`,
    ".SH SYNOPSIS",
    ...verbs.flatMap((verb) => [".B cnitap", escaped(`${verb.name()} ${verb.usage()}`), ".br"]),
    ".SH DESCRIPTION",
    escaped(
      "A relay takes the place of a CNI plugin, runs the original and records what it was given and what it gave back. cnitap installs and removes the relay and reads what it recorded: calls, the operations of a runtime that they belong to, and what went wrong in them.",
    ),
    ".SH VERBS",
    ...verbs.flatMap(verbLines),
    ".SH FILTERS",
    ...preformatted(GRAMMAR),
    ".SS Fields",
    ...preformatted(fieldLines().join("\n")),
    ".SH OUTPUT",
    ...preformatted(OUTPUT),
    ".SH EXAMPLES",
    ...declared.flatMap(({ examples }) => examples).flatMap(([line, meaning]) => tagged(line, sentence(meaning))),
    ".SH EXIT STATUS",
    ...EXIT_STATUSES.flatMap(({ status, meaning }) => tagged(String(status), meaning)),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(({ name, meaning }) => tagged(name, meaning)),
    ".SH FILES",
    ...tagged(DEFAULT_CAPTURE, "default capture directory: JSON Lines, one file per hour, mode 0600"),
    ...tagged(".cnitap in the CNI bin directory", "the original plugins and the relay's settings"),
  ]
  return `${lines.join("\n")}\n`
}

function isHidden(command: Command): boolean {
  return command.name().startsWith("__")
}

function verbLines(verb: Command): string[] {
  return [
    `.SS ${escaped(`cnitap ${verb.name()} ${verb.usage()}`)}`,
    ...verb.description().split("\n").map(escaped),
    ...verb.registeredArguments.flatMap((argument) => tagged(argument.name(), argument.description)),
    ...verb.options.flatMap(({ flags, description, defaultValue }: Option) =>
      tagged(flags, withDefault(description, defaultValue)),
    ),
  ]
}

function withDefault(description: string, value: unknown): string {
  return typeof value === "string" && value !== "" ? `${description} (default: ${value})` : description
}

function tagged(tag: string, text: string): string[] {
  return [".TP", `.B ${escaped(tag)}`, escaped(text)]
}

function preformatted(text: string): string[] {
  return [".PP", ".nf", ...text.trimEnd().split("\n").map(escaped), ".fi"]
}

/** roff interprets backslashes and hyphens, and a dot or a quote at the start of a line is a request. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/, "\\&$1")
}
