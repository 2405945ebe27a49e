import type { Command, Option } from "commander"
import { COMMANDS } from "../../cni/command.ts"
import { MODES } from "../../install/plan/install-options.ts"
import { SORT_KEYS } from "../args/listing-order.ts"
import { TOPICS } from "../help/topics.ts"
import { COLOUR_CHOICES } from "../terminal/colour.ts"
import type { Declare } from "../verb.ts"
import type { CompletionValues } from "./completion-values.ts"
import { SHELLS } from "./scripts.ts"

/** What can complete a line; `files`: the shell completes paths itself. */
export type CompletionCandidates = { values: { text: string; help: string }[]; files?: true }

/** `line`: the command line up to the cursor. `readValues` is called only where a value from the capture can occur. */
export async function candidates(
  root: Command,
  declare: Declare,
  line: string,
  readValues: (options: Record<string, unknown>) => Promise<CompletionValues | undefined>,
): Promise<CompletionCandidates> {
  const { words: all, isQuoted } = splitLine(line)
  const [, ...words] = all
  const current = words.pop() ?? ""
  const verb = root.commands.find((command) => command.name() === words[0])
  if (!verb) return words.length === 0 ? beginning(current, verbs(root)) : { values: [] }
  await declare(verb)
  const { options, positional, openOption } = parseWords(verb, words.slice(1))
  const equals = /^(--[\w-]+|-[a-zA-Z])=(.*)$/s.exec(current)
  const option = equals ? verb.options.find(({ long, short }) => long === equals[1] || short === equals[1]) : openOption
  if (option) {
    // In a list of values, the last one is completed.
    const value = equals ? (equals[2] ?? "") : current
    const typed = value.slice(value.lastIndexOf(",") + 1)
    const before = current.slice(0, current.length - typed.length)
    return prefixed(before, beginning(typed, await optionValues(option, typed, () => readValues(options))))
  }
  if (current.startsWith("-")) return beginning(current, flags(verb))
  return positionalValues(verb, positional, current, () => readValues(options), isQuoted)
}

function verbs(root: Command): CompletionCandidates {
  return {
    values: root.commands
      .filter((command) => !command.name().startsWith("__"))
      .map((command) => ({ text: command.name(), help: command.summary() })),
  }
}

function flags(verb: Command): CompletionCandidates {
  return {
    values: [
      ...verb.options.map(({ long, description }) => ({ text: long ?? "", help: description })),
      { text: "--help", help: "help on this verb" },
    ],
  }
}

type ReadValues = () => Promise<CompletionValues | undefined>

const FORMATS = ["table", "wide", "json", "jsonl", "yaml", "name", "jsonpath=", "custom-columns="]
const TIMES = ["5m", "1h", "24h"]

async function optionValues(
  { long, flags }: Option,
  typed: string,
  readValues: ReadValues,
): Promise<CompletionCandidates> {
  if (long === "--output") return plain(FORMATS)
  if (long === "--since" || long === "--until") return plain(TIMES)
  if (long === "--color") return plain(COLOUR_CHOICES)
  if (long === "--sort-by") return plain(SORT_KEYS)
  if (long === "--mode") return plain(MODES)
  if (long === "--pod") return plain(podNames((await readValues())?.pods ?? [], typed))
  if (long === "--command") return plain(Object.keys(COMMANDS))
  if (long === "--plugin" || long === "--namespace")
    return plain((await readValues())?.fields[long === "--plugin" ? "plugin" : "namespace"] ?? [])
  return /<(?:directory|directories|file|bundle)>/.test(flags) ? { values: [], files: true } : { values: [] }
}

async function positionalValues(
  verb: Command,
  earlier: string[],
  current: string,
  readValues: ReadValues,
  isQuoted: boolean,
): Promise<CompletionCandidates> {
  const args = verb.registeredArguments
  const argument = args[Math.min(earlier.length, args.length - 1)]
  if (!argument || (earlier.length >= args.length && !argument.variadic)) return { values: [] }
  switch (argument.name()) {
    case "filter":
      return filterValues(earlier, current, readValues, isQuoted)
    case "files":
      return { values: [], files: true }
    case "name":
      return beginning(
        current,
        plainWithHelp(
          TOPICS.map(({ name, summary }) => ({ text: name, help: summary })),
          verb.parent,
        ),
      )
    case "format": {
      const { EXPORT_FORMATS } = await import("../export/export-formats.ts")
      return beginning(current, { values: Object.entries(EXPORT_FORMATS).map(([text, { help }]) => ({ text, help })) })
    }
    case "shell":
      return beginning(current, plain([...SHELLS]))
    case "address":
      return beginning(current, plain((await readValues())?.ips ?? []))
    case "id":
    case "pod|id":
    case "a":
    case "b": {
      const { ids = [], pods = [] } = (await readValues()) ?? {}
      const found = argument.name() === "id" ? [] : podNames(pods, current)
      const values = [
        ...found.map((text) => ({ text, help: "pod" })),
        ...ids.map(({ id, help }) => ({ text: id, help })),
      ]
      return beginning(current, { values })
    }
    default:
      return { values: [] }
  }
}

/** A pod's name is enough, but is offered only after its first letter: the list would be twice as long. */
function podNames(pods: readonly string[], typed: string): string[] {
  const names = typed === "" ? [] : pods.map((pod) => pod.split("/")[1] ?? pod)
  return [...pods, ...new Set(names)]
}

/** Completes the filter that the words make up. Texts with characters that a shell interprets are left out. */
async function filterValues(
  earlier: string[],
  current: string,
  readValues: ReadValues,
  isQuoted: boolean,
): Promise<CompletionCandidates> {
  const { complete } = await import("../../model/filter/complete.ts")
  const text = [...earlier, current].join(" ")
  const start = text.length - current.length
  const { from, suggestions } = complete(text, text.length, (await readValues())?.fields ?? {})
  if (from < start) return { values: [] }
  const before = current.slice(0, from - start)
  const values = suggestions
    .filter((suggestion) => !/[\s()<>"'!*~&|;$`\\]/.test(suggestion.text))
    .map((suggestion) => ({ text: before + suggestion.text, help: suggestion.help }))
  const [only] = values
  // A shell closes the quote after the only candidate; a field is not the end of a condition.
  if (isQuoted && only && values.length === 1 && !/[=<>]/.test(only.text))
    for (const operator of ["=", "!="]) values.push({ text: `${only.text}${operator}`, help: only.help })
  return { values }
}

/** The verb's options, its positional arguments, and the option whose value comes next. */
function parseWords(verb: Command, words: string[]) {
  const options: Record<string, unknown> = {}
  const positional: string[] = []
  let openOption: Option | undefined
  for (const word of words) {
    if (openOption) {
      setOption(options, openOption, word)
      openOption = undefined
      continue
    }
    const [name, value] = word.startsWith("-") ? word.split(/=(.*)/s, 2) : [word]
    const option = verb.options.find(({ short, long }) => name === short || name === long)
    if (!option) positional.push(word)
    else if (value !== undefined) setOption(options, option, value)
    else if (option.required) openOption = option
  }
  return { options, positional, openOption }
}

function setOption(options: Record<string, unknown>, option: Option, value: string): void {
  const name = option.attributeName()
  options[name] = option.parseArg?.(value, options[name]) ?? value
}

function plain(texts: readonly string[]): CompletionCandidates {
  return { values: texts.map((text) => ({ text, help: "" })) }
}

function plainWithHelp(values: CompletionCandidates["values"], root: Command | null): CompletionCandidates {
  return { values: [...(root ? verbs(root).values : []), ...values] }
}

function beginning(current: string, { values, files }: CompletionCandidates): CompletionCandidates {
  return { values: values.filter(({ text }) => text.startsWith(current)), ...(files ? { files } : {}) }
}

function prefixed(prefix: string, { values, files }: CompletionCandidates): CompletionCandidates {
  return { values: values.map(({ text, help }) => ({ text: prefix + text, help })), ...(files ? { files } : {}) }
}

/** The words of a line as a shell splits them; the last is the one at the cursor, empty after a blank, or in an open quote. */
function splitLine(line: string): { words: string[]; isQuoted: boolean } {
  const words: string[] = [""]
  let quote = ""
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at)
    const last = words.length - 1
    if (quote) {
      if (character === quote) quote = ""
      else words[last] += character
    } else if (character === '"' || character === "'") quote = character
    else if (character === "\\") words[last] += line.charAt(++at)
    else if (!/\s/.test(character)) words[last] += character
    else if (words[last] !== "") words.push("")
  }
  return { words, isQuoted: quote !== "" }
}
