import { REDACTED } from "./redacted.ts"
import { redactWith } from "./redaction.ts"
import { isSecretName } from "./secret-name.ts"
import type { TextOpener } from "./text.ts"

/** The content of a stream in a record. `isCut`: the search for secrets ended before the text. `redacted`: a JSON array, empty if nothing was replaced. */
export type CleanText = { text: string; redacted: string; isCut: boolean }

/** What finds secrets: in native code, or in a script. */
export interface Searcher extends TextOpener {
  /** whether the text contains a mark or bytes written as numbers */
  holdsMark(text: string): boolean
}

/** More would need more than 2 MB of memory; native code has room for 65536 (host-text.h). */
const SEARCHED_CHARACTERS = 49_152

/** The text of a stream without secrets. `isTruncated`: only its beginning is recorded. */
export function clean(host: Searcher, text: string, isTruncated: boolean): CleanText {
  const whole = isTruncated ? withoutCutAddress(text) : text
  if (!holdsMark(host, whole)) return { text: whole, redacted: "", isCut: false }
  const isLong = whole.length > SEARCHED_CHARACTERS
  const searched = isLong ? withoutCutAddress(whole.slice(0, wholeCharacters(whole, SEARCHED_CHARACTERS))) : whole
  const { text: safe, redacted, isCut } = redactWith(host, searched)
  return { text: safe, redacted: redacted.length > 0 ? JSON.stringify(redacted) : "", isCut: isCut || isLong }
}

/** Part by part, because native code gets a copy. The longest mark, with what must be around it, fits the overlap. */
function holdsMark(host: Searcher, text: string): boolean {
  for (let from = 0; from < text.length; from += PART_CHARACTERS)
    if (host.holdsMark(text.slice(from, from + PART_CHARACTERS + OVERLAP_CHARACTERS))) return true
  return false
}

const PART_CHARACTERS = 16_384
const OVERLAP_CHARACTERS = 256

/** `--token=x` is one argument, `--token x` is two. */
export function cleanArguments(host: Searcher, argv: readonly string[]): string[] {
  return argv.map((argument, at) => {
    const before = argv[at - 1] ?? ""
    const isAfterSwitch = before.startsWith("-") && !before.includes("=") && !argument.startsWith("-")
    if (isAfterSwitch && clean(host, `${before} ${argument}`, false).text.startsWith(`${before} ${REDACTED}`))
      return REDACTED
    return clean(host, argument, false).text
  })
}

/** The value of a variable; null if it is a secret because of its name. */
export function cleanVariable(host: Searcher, name: string, value: string): string | null {
  return isSecretName(name) ? null : clean(host, value, false).text
}

const LONGEST_ADDRESS = 1024
const SEPARATORS = [" ", "\n", "\t", "\r", '"', "'", "<", ">"]

/** If the text was truncated inside an address, the `@` that marks the password before it may be missing. */
export function withoutCutAddress(text: string): string {
  const from = Math.max(0, text.length - LONGEST_ADDRESS)
  const end = text.slice(from)
  let word = 0
  for (const separator of SEPARATORS) word = Math.max(word, end.lastIndexOf(separator) + 1)
  const colon = end.indexOf(":", word)
  return colon < 0 ? text : text.slice(0, from + colon + 1)
}

/** The length without half of a surrogate pair at the end. */
function wholeCharacters(text: string, length: number): number {
  const last = text.charCodeAt(length - 1)
  return last >= 0xd800 && last < 0xdc00 ? length - 1 : length
}
