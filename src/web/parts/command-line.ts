import { shellWord } from "../../model/shell-word.ts"
import type { Source } from "../../serve/protocol.ts"

/**
 * The command line that shows the same: `cnitap ls --capture /var/lib/cnitap failed`. An exported file knows the path of
 * what it was made from, a directory or a bundle, and only the name indicates which.
 */
export function commandLine(source: Source | undefined, verb: string, ...words: string[]): string {
  const from = source ? [source.path.endsWith(".cnitap") ? "--from" : "--capture", shellWord(source.path)] : []
  return ["cnitap", verb, ...from, ...words.map(shellWord)].join(" ")
}
