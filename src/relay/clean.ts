import { runStart } from "../capture/redact/character.ts"
import { redact } from "../capture/redact/redact.ts"
import { isSecretName } from "../capture/redact/secret-name.ts"
import { isAddressCode } from "../capture/redact/secret-shape.ts"
import { REDACTED } from "../capture/redact/secret-value.ts"
import type { CleanText, Host } from "./host.ts"

type Marks = Pick<Host, "holdsMark">

/** The search takes at most 3 ms for so many; a longer text that may hold a secret is cut. */
const SEARCHED_CHARACTERS = 65_536

/** The text of a stream without secrets. `isTruncated`: only its beginning is recorded. */
export function clean(marks: Marks, text: string, isTruncated: boolean): CleanText {
  const whole = isTruncated ? withoutCutAddress(text) : text
  if (!marks.holdsMark(whole)) return { text: whole, redacted: "", isCut: false }
  const isCut = whole.length > SEARCHED_CHARACTERS
  const searched = isCut ? withoutCutAddress(whole.slice(0, wholeCharacters(whole, SEARCHED_CHARACTERS))) : whole
  const { text: safe, redacted } = redact(searched)
  return { text: safe, redacted: redacted.length > 0 ? JSON.stringify(redacted) : "", isCut }
}

/** `--token=x` is one argument, `--token x` is two. */
export function cleanArguments(marks: Marks, argv: readonly string[]): string[] {
  return argv.map((argument, at) => {
    const before = argv[at - 1] ?? ""
    const isValue = before.startsWith("-") && !before.includes("=") && isSecretName(before) && !argument.startsWith("-")
    return isValue ? REDACTED : clean(marks, argument, false).text
  })
}

/** The value of a variable; null if it is a secret because of its name. */
export function cleanVariable(marks: Marks, name: string, value: string): string | null {
  return isSecretName(name) ? null : clean(marks, value, false).text
}

const LONGEST_ADDRESS = 4096

/** If the text was truncated inside an address, the `@` that marks the password before it may be missing. */
function withoutCutAddress(text: string): string {
  const word = runStart(text, text.length, Math.max(0, text.length - LONGEST_ADDRESS), isAddressCode)
  const colon = text.indexOf(":", word)
  return colon < 0 ? text : text.slice(0, colon + 1)
}

/** The length without half of a surrogate pair at the end. */
function wholeCharacters(text: string, length: number): number {
  const last = text.charCodeAt(length - 1)
  return last >= 0xd800 && last < 0xdc00 ? length - 1 : length
}
