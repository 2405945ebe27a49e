import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type { Payload } from "../../src/capture/record.ts"
import { redact } from "../../src/capture/redact/redact.ts"
import type { Redaction } from "../../src/capture/redact/redacted.ts"
import { COMMAND_RULES, LINE_RULES } from "../../src/capture/redact/rules/lines.ts"
import { TOKEN_RULES } from "../../src/capture/redact/rules/tokens.ts"
import { WORD_RULES } from "../../src/capture/redact/rules/words.ts"
import { plantNone, plantOne } from "../capture/plant.ts"
import { Random } from "../capture/random.ts"
import { ORDINARY_TEXTS } from "../capture/redact/table/ordinary.ts"
import { SECRET_SHAPES } from "../capture/redact/table/secrets.ts"
import { Stand } from "./stand.ts"

/**
 * The relay searches with native code, readers with TypeScript (`redact`): for the same text both must have the same result.
 * Each call compares three texts: two outputs, and the steps on stdin, in which both are written as JSON strings.
 */
async function compare(t: TestContext, texts: readonly string[]): Promise<void> {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.add("plugin")
  stand.wrap("plugin")
  stand.configure()
  for (let at = 0; at < texts.length; at += 2) {
    stand.forget()
    const [out = "", err = ""] = texts.slice(at, at + 2)
    const stdin = JSON.stringify([`out ${out}`, `err ${err}`])
    await stand.run("plugin", { command: "ADD", stdin })
    const [end] = stand.ends()
    assert.deepEqual([out, err, stdin].map(redact), [end?.stdout, end?.stderr, stand.stdins()[0]].map(redactionOf))
  }
}

function redactionOf(payload: Payload | undefined): Redaction {
  assert.ok(payload && "text" in payload && !payload.truncated, JSON.stringify(payload))
  return { text: payload.text, redacted: payload.redacted ?? [] }
}

test("examples of all rules", async (t) => {
  const rules = [...TOKEN_RULES, ...WORD_RULES, ...LINE_RULES, ...COMMAND_RULES]
  await compare(
    t,
    rules.flatMap(({ finds, keeps }) => [...finds.map((text) => text.replaceAll(/[«»]/g, "")), ...keeps]),
  )
})

test("shapes of secrets and ordinary texts", async (t) => {
  await compare(t, [...SECRET_SHAPES.map(({ text }) => text.replaceAll(/[«»]/g, "")), ...ORDINARY_TEXTS])
})

test("configurations of real networks", async (t) => {
  const folder = join(import.meta.dirname, "../fixtures/stdin")
  await compare(
    t,
    readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8")),
  )
})

test("pointers to values below unusual keys, and in text that is not JSON, or not all of it", async (t) => {
  const secret = '"password":"hunter2"'
  await compare(t, [
    `{"a/b":{"~":{"c\\"d":{${secret}}}}}`,
    `{"\\u00e9\\u0074/":[0,{"é🌐":[{${secret}}]}]}`,
    `{"\\x":{${secret}}}`,
    `{"":{"":{${secret}}}}`,
    `[[],{},[1,-2.5e3,true],{${secret}},null,{"b":{${secret}}}]`,
    `{"list":["🌐",{"x":"\\\\"},{${secret}}]}`,
    `{"a":{${secret}}}\n{"b":[{${secret}}]}`,
    `{"a":[1,],${secret}}`,
    `{"a":[,1],${secret}}`,
    `{"a":,${secret}}`,
    `{"a":},{${secret}}`,
    `{"a" "b",${secret}}`,
    `{"a":1]},{${secret}}`,
    `{"a":b,${secret}}`,
    `["a":{${secret}}]`,
    `{${secret},"a":truth}`,
    `{${secret}} trailing`,
    `x {${secret}}`,
    `"${secret}"`,
    `{${secret}`,
    `{"a":{${secret},"b`,
    ...[1014, 1015].flatMap((length) => ["x", "é", "\\u0041"].map((key) => `{"${key.repeat(length)}":{${secret}}}`)),
    `${'{"a":'.repeat(64)}{${secret}}${"}".repeat(64)}`,
    `${'{"a":'.repeat(65)}{${secret}}${"}".repeat(65)}`,
    `${"[".repeat(3000)}{${secret}}${"]".repeat(3000)}`,
    `{"passwords":["hunter2",["hunter3",{"a":"hunter4"}],17],"b":{"token":"hunter5"},"c":"token=hunter6"}`,
    `{"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a":"ghp_0123456789abcdefghijABCDEFGHIJ012345","b":"c"}}}`,
  ])
})

test("random texts", async (t) => {
  const random = Random.of(t)
  const pieces = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    '"a"',
    '"token":',
    "password=",
    "x",
    " ",
    "\n",
    "é",
    "🌐",
    "1",
    "-p ",
    "eyJhbGciOiJI",
    "://u:p@h/",
    "\\u0074oken",
    "key: ",
    "[116 111 107 101 110 61 97 98]",
  ]
  const mixed = () => Array.from({ length: 1 + random.below(30) }, () => random.pick(pieces)).join("")
  await compare(
    t,
    Array.from({ length: 150 }, () => random.pick([() => plantOne(random).text, () => plantNone(random), mixed])()),
  )
})
