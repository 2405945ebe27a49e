import type { Command, Option } from "commander"
import { EXIT_STATUSES } from "../../fault/exit-status.ts"
import { fieldLines, GRAMMAR } from "../../model/filter/grammar.ts"
import { DEFAULT_CAPTURE } from "../../store/capture/capture.ts"
import { VERB_GROUPS } from "../verbs.ts"
import { ENVIRONMENT, OUTPUT } from "./topics.ts"

/** The manual in man(7)'s macros, made of the same declarations as the help texts. */
export function manPage(root: Command): string {
  const verbs = root.commands.filter((command) => !isHidden(command))
  const lines = [
    `.TH CNITAP 8 "" "cnitap ${root.version() ?? ""}" "System Administration"`,
    ".nh",
    ".SH NAME",
    `cnitap \\- ${escaped("see what every CNI plugin was given and what it gave back")}`,
    ".SH SYNOPSIS",
    ...verbs.flatMap((verb) => [".B cnitap", escaped(`${verb.name()} ${verb.usage()}`), ".br"]),
    ".SH DESCRIPTION",
    escaped(
      "A relay stands where a CNI plugin stood, runs the real one and records what it was given and what it gave back. cnitap installs the relay, takes it away again, and reads what it recorded: calls, the operations of a runtime that they make up, and what is wrong in them.",
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
    ...VERB_GROUPS.flatMap(({ verbs }) => verbs)
      .flatMap(({ examples = [] }) => examples)
      .flatMap(([line, what]) => tagged(line, sentence(what))),
    ".SH EXIT STATUS",
    ...EXIT_STATUSES.flatMap(({ status, meaning }) => tagged(String(status), meaning)),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(({ name, meaning }) => tagged(name, meaning)),
    ".SH FILES",
    ...tagged(
      DEFAULT_CAPTURE,
      "where relays write unless they are told otherwise: JSON Lines, one file an hour, mode 0600",
    ),
    ...tagged(".cnitap in the CNI bin directory", "the originals of the plugins, and what the relay is told"),
  ]
  return `${lines.join("\n")}\n`
}

function isHidden(command: Command): boolean {
  return command.name().startsWith("__")
}

function verbLines(verb: Command): string[] {
  return [
    `.SS ${escaped(`cnitap ${verb.name()} ${verb.usage()}`)}`,
    escaped(sentence(verb.description())),
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

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** Backslashes and hyphens are roff's, and a dot or a quote at the start of a line is a request. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^([.'])/, "\\&$1")
}
