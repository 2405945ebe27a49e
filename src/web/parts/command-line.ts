import { overCluster } from "../../model/over-cluster.ts"
import { shellWord } from "../../model/shell-word.ts"
import type { Source } from "../../serve/protocol.ts"

/** The command line that shows the same: `cnitap ls --capture /var/lib/cnitap failed`. */
export function commandLine(source: Source | undefined, verb: string, ...words: string[]): string {
  const { program = "cnitap", flags = [] } = source ?? {}
  const given = flags.map((flag) => (/^--[a-z]+$/.test(flag) ? flag : shellWord(flag)))
  return [program, verb, ...given, ...words.map(shellWord)].join(" ")
}

/** A text with the command lines that the reader of this page types. */
export function asTyped(source: Source | undefined, text: string): string {
  return source?.program === "kubectl cnitap" ? overCluster(text) : text
}
