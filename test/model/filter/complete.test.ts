import assert from "node:assert/strict"
import { test } from "node:test"
import { complete } from "../../../src/model/filter/complete.ts"
import { FIELD_NAMES } from "../../../src/model/filter/field.ts"

const KNOWN = { plugin: ["calico", "calico-ipam", "portmap", "my plugin"] }

/** `|` is the cursor. The text with each suggestion put in. */
function completed(text: string): string[] {
  const cursor = text.indexOf("|")
  const plain = text.replace("|", "")
  const { from, to, suggestions } = complete(plain, cursor, KNOWN)
  return suggestions.map((suggestion) => `${plain.slice(0, from)}${suggestion.text}${plain.slice(to)}`)
}

const CASES: [text: string, ...completed: string[]][] = [
  ["com|", "command"],
  ["si|", "signal", "since"],
  ["not fa|", "not failed"],
  ["command |", "command =", "command !=", "command in", "command not in"],
  ["exit!|", "exit!="],
  ["duration>|"],
  ["duration |", "duration >", "duration >=", "duration <", "duration <="],
  ["command=|", ...["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"].map((name) => `command=${name}`)],
  ["command=a|", "command=ADD"],
  ["command in (ADD, de|", "command in (ADD, DEL"],
  ["plugin=cal| and failed", "plugin=calico and failed", "plugin=calico-ipam and failed"],
  ["plugin=m|", 'plugin="my plugin"'],
  ['plugin="my |', 'plugin="my plugin"'],
  ["outcome=ok and state=r|", "outcome=ok and state=running"],
  ["failed |", "failed and", "failed or"],
  ["(failed |", "(failed and", "(failed or", "(failed )"],
  ["failed a|", "failed and"],
  ["failed com|", "failed command"],
  ["failed and (pod=a or nod|)", "failed and (pod=a or node)"],
  ["nonsense=1 and com|"],
  [") |"],
]

for (const [text, ...expected] of CASES) test(`complete ${text}`, () => assert.deepEqual(completed(text), expected))

test("an empty text may begin with any field", () => {
  assert.deepEqual(completed("|").slice(0, FIELD_NAMES.length), FIELD_NAMES)
})
