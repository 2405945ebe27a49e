import type { Command, Option } from "commander"
import { COMMANDS } from "../../cni/command.ts"
import { MODES } from "../../install/plan/install-options.ts"
import { complete } from "../../model/filter/complete.ts"
import { EXPORT_FORMATS } from "../export/export-formats.ts"
import { TOPICS } from "../help/topics.ts"
import type { Known } from "./known.ts"
import { SHELLS } from "./scripts.ts"

/** What may stand at the end of a line; `files`: the shell completes paths itself. */
export type Candidates = { values: { text: string; help: string }[]; files?: true }

/** `line`: the command line up to the cursor. `known` is asked for only where a value of the capture may stand. */
export async function candidates(
  root: Command,
  line: string,
  known: (options: Record<string, string>) => Promise<Known | undefined>,
): Promise<Candidates> {
  const [, ...words] = splitLine(line)
  const current = words.pop() ?? ""
  const verb = root.commands.find((command) => command.name() === words[0])
  if (!verb) return words.length === 0 ? beginning(current, verbs(root)) : { values: [] }
  const { options, positional, open } = read(verb, words.slice(1))
  const equals = /^(--[\w-]+|-[a-zA-Z])=(.*)$/s.exec(current)
  const option = equals ? verb.options.find(({ long, short }) => long === equals[1] || short === equals[1]) : open
  if (option) {
    // Of several values only the last is begun.
    const value = equals ? (equals[2] ?? "") : current
    const begun = value.slice(value.lastIndexOf(",") + 1)
    const before = current.slice(0, current.length - begun.length)
    return prefixed(before, beginning(begun, await optionValues(option, begun, () => known(options))))
  }
  if (current.startsWith("-")) return beginning(current, flags(verb))
  return positionalValues(verb, positional, current, () => known(options))
}

function verbs(root: Command): Candidates {
  return {
    values: root.commands
      .filter((command) => !command.name().startsWith("__"))
      .map((command) => ({ text: command.name(), help: command.description() })),
  }
}

function flags(verb: Command): Candidates {
  return {
    values: [
      ...verb.options.map(({ long, description }) => ({ text: long ?? "", help: description })),
      { text: "--help", help: "help on this verb" },
    ],
  }
}

type Ask = () => Promise<Known | undefined>

const FORMATS = ["table", "wide", "json", "jsonl", "yaml", "name", "jsonpath="]
const TIMES = ["5m", "1h", "24h"]

async function optionValues({ long, flags }: Option, begun: string, known: Ask): Promise<Candidates> {
  if (long === "--output") return plain(FORMATS)
  if (long === "--since" || long === "--until") return plain(TIMES)
  if (long === "--mode") return plain(MODES)
  if (long === "--pod") return plain(podNames((await known())?.pods ?? [], begun))
  if (long === "--command") return plain(Object.keys(COMMANDS))
  if (long === "--plugin" || long === "--namespace")
    return plain((await known())?.values[long === "--plugin" ? "plugin" : "namespace"] ?? [])
  return /<(?:directory|directories|file|bundle)>/.test(flags) ? { values: [], files: true } : { values: [] }
}

async function positionalValues(verb: Command, earlier: string[], current: string, known: Ask): Promise<Candidates> {
  const args = verb.registeredArguments
  const argument = args[Math.min(earlier.length, args.length - 1)]
  if (!argument || (earlier.length >= args.length && !argument.variadic)) return { values: [] }
  switch (argument.name()) {
    case "filter":
      return filterValues(earlier, current, known)
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
    case "format":
      return beginning(current, { values: Object.entries(EXPORT_FORMATS).map(([text, { help }]) => ({ text, help })) })
    case "shell":
      return beginning(current, plain([...SHELLS]))
    case "address":
      return beginning(current, plain((await known())?.ips ?? []))
    case "id":
    case "pod|id":
    case "a":
    case "b": {
      const { ids = [], pods = [] } = (await known()) ?? {}
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

/** A pod's name alone will do, once it was begun. */
function podNames(pods: readonly string[], begun: string): string[] {
  const names = begun === "" ? [] : pods.map((pod) => pod.split("/")[1] ?? pod)
  return [...pods, ...new Set(names)]
}

/** The filter that the words make up, the last of them being its end. What a shell would take for its own is left out. */
async function filterValues(earlier: string[], current: string, known: Ask): Promise<Candidates> {
  const text = [...earlier, current].join(" ")
  const start = text.length - current.length
  const { from, suggestions } = complete(text, text.length, (await known())?.values ?? {})
  if (from < start) return { values: [] }
  const before = current.slice(0, from - start)
  const values = suggestions
    .filter((suggestion) => !/[\s()<>"'!*~&|;$`\\]/.test(suggestion.text))
    .map((suggestion) => ({ text: before + suggestion.text, help: suggestion.help }))
  return { values }
}

/** The verb's flags that were given, the words that are none, and the flag that waits for its value. */
function read(verb: Command, words: string[]) {
  const options: Record<string, string> = {}
  const positional: string[] = []
  let open: Option | undefined
  for (const word of words) {
    if (open) {
      options[open.attributeName()] = word
      open = undefined
      continue
    }
    const [name, value] = word.startsWith("-") ? word.split(/=(.*)/s, 2) : [word]
    const option = verb.options.find(({ short, long }) => name === short || name === long)
    if (!option) positional.push(word)
    else if (value !== undefined) options[option.attributeName()] = value
    else if (option.required) open = option
  }
  return { options, positional, open }
}

function plain(texts: readonly string[]): Candidates {
  return { values: texts.map((text) => ({ text, help: "" })) }
}

function plainWithHelp(values: Candidates["values"], root: Command | null): Candidates {
  return { values: [...(root ? verbs(root).values : []), ...values] }
}

function beginning(current: string, { values, files }: Candidates): Candidates {
  return { values: values.filter(({ text }) => text.startsWith(current)), ...(files ? { files } : {}) }
}

function prefixed(prefix: string, { values, files }: Candidates): Candidates {
  return { values: values.map(({ text, help }) => ({ text: prefix + text, help })), ...(files ? { files } : {}) }
}

/** The words of a line as a shell cuts them; the last is what the cursor stands in, empty after a blank. */
function splitLine(line: string): string[] {
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
  return words
}
