import assert from "node:assert/strict"
import { test } from "node:test"
import { redact } from "../../../src/capture/redact/redact.ts"
import { COMMAND_RULES, LINE_RULES } from "../../../src/capture/redact/rules/lines.ts"
import type { Examples } from "../../../src/capture/redact/rules/rule.ts"
import { TOKEN_RULES } from "../../../src/capture/redact/rules/tokens.ts"
import { WORD_RULES } from "../../../src/capture/redact/rules/words.ts"

const RULES: Record<string, readonly Examples[]> = {
  token: TOKEN_RULES,
  word: WORD_RULES,
  line: LINE_RULES,
  command: COMMAND_RULES,
}

for (const [kind, rules] of Object.entries(RULES)) {
  test(`${kind} rules find their positive examples`, () => {
    for (const example of rules.flatMap((rule) => rule.finds)) {
      const expected = example.replaceAll(/«[^»]*»/g, "[redacted]")
      assert.equal(redact(example.replaceAll(/[«»]/g, "")).text, expected)
    }
  })

  test(`${kind} rules keep their negative examples`, () => {
    for (const text of rules.flatMap((rule) => rule.keeps)) assert.deepEqual(redact(text), { text, redacted: [] })
  })

  test(`every ${kind} rule has an example of what it keeps, and of what it finds if it finds anything`, () => {
    for (const rule of rules) assert.ok(rule.keeps.length > 0 || rule.finds.length > 0, JSON.stringify(rule))
  })
}
