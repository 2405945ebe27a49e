import { shellWord } from "../../model/shell-word.ts"
import type { Source } from "../../serve/protocol.ts"

/** The command line that shows the same: `cnitap ls --capture /var/lib/cnitap failed`. */
export function commandLine(source: Source | undefined, verb: string, ...words: string[]): string {
  const { program = "cnitap", flags = [] } = source ?? {}
  const given = flags.map((flag) => (/^--[a-z]+$/.test(flag) ? flag : shellWord(flag)))
  return [program, verb, ...given, ...words.map(shellWord)].join(" ")
}
