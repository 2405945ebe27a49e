import assert from "node:assert/strict"
import { test } from "node:test"
import { FIELD_NAMES, fieldOf } from "../../../src/model/filter/field.ts"
import { allOf, EVERYTHING, type Filter, type Operand, type Operator } from "../../../src/model/filter/filter.ts"
import { operandOf, operatorsOf } from "../../../src/model/filter/operand.ts"
import { parseFilter } from "../../../src/model/filter/parse.ts"
import { filterErrorText, filterText } from "../../../src/model/filter/text.ts"
import { Random } from "../../capture/random.ts"

const NOW = Date.UTC(2026, 8, 21)

function error(text: string): string[] {
  const result = parseFilter(text, NOW)
  if (result.ok) throw new Error(`${text} is a filter`)
  return filterErrorText(text, result.error).split("\n")
}

const ERRORS: [message: string, text: string, marks: string][] = [
  ["no field is called comand; expected command", "comand=ADD", "^^^^^^"],
  [
    "duration cannot be 500; expected 500ms, 2s, 5m or 1h",
    "plugin=calico and duration>500",
    "                           ^^^",
  ],
  ["outcome is never bad; expected ok, failed, running, killed or unknown", "outcome=bad", "        ^^^"],
  ["plugin has no value; expected a value", "plugin=", "       ^"],
  ["outcome has no value; expected ok, failed, running, killed or unknown", "outcome = )", "          ^"],
  [
    "plugin has no value; quote it to search for the word; expected =, !=, in, not in, ~ or !~",
    "plugin and failed",
    "       ^^^",
  ],
  ['conditions must be joined by words; expected "and" or "or"', "plugin=a && failed", "         ^^"],
  ["several values must be in a list; expected in (a, b)", "command=ADD,DEL", "           ^"],
  ["a condition is missing; expected a field, ( or not", "failed and", "          ^"],
  ["a condition is missing; expected a field, ( or not", "or failed", "^^"],
  ['a bracket is not closed; expected "and", "or" or ")"', "(failed", "       ^"],
  ['unmatched closing bracket; expected "and" or "or"', "failed)", "      ^"],
  ['the list does not end; expected "," or ")"', "exit in (1, 2", "             ^"],
  ['the quote is not closed; expected "', 'msg ~ "lost', "      ^^^^^"],
  ["plugin does not have this operator; expected =, !=, in, not in, ~ or !~", "plugin>a", "      ^"],
  ["since does not have this operator; expected =", "since > 10m", "      ^"],
  ["no regular expression: /(/: Unterminated group", "msg ~ /(/", "      ^^^"],
  ["ip is never 10.1.2; expected 10.1.2.3 or 10.1.0.0/16", "ip=10.1.2", "   ^^^^^^"],
  ["exit cannot be x; expected a number", "exit in (1, x)", "            ^"],
  ["signal cannot be SIGFOO; expected SIGKILL or 9", "signal=SIGFOO", "       ^^^^^^"],
  ["time cannot be lunchtime; expected 10m or 2026-09-21T03:00:00Z", "since=lunchtime", "      ^^^^^^^^^"],
]

for (const [message, text, marks] of ERRORS) {
  test(`error in ${text}`, () => assert.deepEqual(error(text), [`filter: ${message}`, `  ${text}`, `  ${marks}`]))
}

for (const [text, meaning] of [
  ["plugin=a plugin=b", "plugin=a and plugin=b"],
  ["failed bridge", "outcome in (failed, killed) and text~bridge"],
  [
    "no IP addresses available in range set",
    "text~no and text~IP and text~addresses and text~available and text~in and text~range and text~set",
  ],
  ["failed or bridge calico", "outcome in (failed, killed) or (text~bridge and text~calico)"],
  ["no IP", "text~no and text~IP"],
  ["(failed) not plugin=bridge", "outcome in (failed, killed) and not plugin=bridge"],
  ['"a b" c', 'text~"a b" and text~c'],
  ["10.244.1.8", "ip=10.244.1.8"],
  ["10.244.0.0/16 failed", "ip=10.244.0.0/16 and outcome in (failed, killed)"],
  ["fd00::1", "ip=fd00::1"],
  ["10.244.1", "text~10.244.1"],
] as const) {
  test(`${text} is ${meaning}`, () => {
    const result = parseFilter(text, NOW)
    assert.equal(result.ok && filterText(result.filter), meaning)
  })
}

test("a field that nothing resembles lists them all", () => {
  assert.equal(
    error("zzzzzzzz=1")[0]?.startsWith("filter: no field is called zzzzzzzz; expected command, plugin, pod"),
    true,
  )
})

test("a long filter is shown around its error, control characters as blanks", () => {
  const text = `plugin=a\n${"or plugin=b ".repeat(20)}and x=1`
  const end = text.slice(-"=1".length - 61).replace("\n", " ")
  assert.deepEqual(error(text).slice(1), [`  ${end}`, `  ${" ".repeat(60)}^`])
})

test("nesting is limited", () => {
  assert.equal(error(`${"(".repeat(100_000)}failed`)[0], "filter: nested too deep")
  assert.equal(error(`${"not ".repeat(100_000)}failed`)[0], "filter: nested too deep")
})

test("and binds tighter than or, brackets tighter than both, words in any case", () => {
  const shape = (filter: Filter): unknown =>
    filter.kind === "test"
      ? filter.values[0]?.text
      : filter.kind === "not"
        ? ["not", shape(filter.part)]
        : [filter.kind, ...filter.parts.map(shape)]
  const result = parseFilter("plugin=a OR plugin=b And not plugin=c and (plugin=d or plugin=e)", NOW)
  assert.deepEqual(result.ok && shape(result.filter), ["or", "a", ["and", "b", ["not", "c"], ["or", "d", "e"]]])
})

test("values are what was written: quotes, escapes, addresses, paths", () => {
  const value = (text: string) => {
    const result = parseFilter(text, NOW)
    return result.ok && result.filter.kind === "test" ? result.filter.values : result
  }
  assert.deepEqual(value(`msg="say \\"no\\"\\n"`), [{ kind: "text", text: 'say "no"\n' }])
  assert.deepEqual(value("netns='/var/run/netns/a b'"), [{ kind: "text", text: "/var/run/netns/a b" }])
  assert.deepEqual(value("ip in (fd00::1, ::ffff:10.0.0.1)"), [
    { kind: "text", text: "fd00::1" },
    { kind: "text", text: "::ffff:10.0.0.1" },
  ])
  assert.deepEqual(value("msg ~ /a\\/b (c|d)/i"), [{ kind: "regex", text: "a\\/b (c|d)", flags: "i" }])
  assert.deepEqual(value("time<2h"), [{ kind: "number", text: "2h", number: NOW - 7_200_000 }])
  const zone = process.env.TZ
  process.env.TZ = "Asia/Tokyo"
  const time = "2026-09-21T03:00"
  assert.deepEqual(value(`time<${time}`), [{ kind: "number", text: time, number: Date.UTC(2026, 8, 21, 3) }])
  if (zone === undefined) delete process.env.TZ
  else process.env.TZ = zone
  assert.deepEqual(value("memory>1.5MiB"), [{ kind: "number", text: "1.5MiB", number: 1_572_864 }])
})

test("flags and a filter become one", () => {
  const result = parseFilter("failed or running", NOW)
  assert.ok(result.ok)
  assert.equal(
    filterText(allOf([EVERYTHING, result.filter, EVERYTHING])),
    "outcome in (failed, killed) or outcome=running",
  )
  assert.equal(filterText(allOf([])), "")
})

test("any filter that is written out is read as the same filter", (t) => {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  const random = new Random(seed)
  for (let round = 0; round < 2000; round++) {
    const filter = randomFilter(random, 4)
    const text = filterText(filter)
    const result = parseFilter(text, NOW)
    assert.ok(result.ok, `${text} seed ${seed}`)
    assert.deepEqual(withoutPlaces(result.filter), filter, `${text} seed ${seed}`)
  }
})

test("any text is a filter, or an error at a place in the text", (t) => {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  const random = new Random(seed)
  const pieces = [
    "and",
    "or",
    "not",
    "in",
    "(",
    ")",
    ",",
    "=",
    "!=",
    "~",
    "!",
    ">",
    '"',
    "'",
    "\\",
    "/",
    " ",
    "exit",
    "plugin",
    "0",
    "é",
    "💥",
    "\n",
    "since",
    "10m",
    "failed",
  ]
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: random.below(12) }, () => random.pick(pieces)).join(random.pick(["", " "]))
    const result = parseFilter(text, NOW)
    if (result.ok) assert.equal(parseFilter(filterText(result.filter), NOW).ok, true, `${text} seed ${seed}`)
    else {
      const { column, length } = result.error
      assert.ok(
        column >= 1 && length >= 1 && column - 1 + length <= text.length + 1,
        `${JSON.stringify(text)} seed ${seed}`,
      )
    }
  }
})

function withoutPlaces(filter: Filter): Filter {
  if (filter.kind === "not") return { kind: "not", part: withoutPlaces(filter.part) }
  if (filter.kind !== "test") return { kind: filter.kind, parts: filter.parts.map(withoutPlaces) }
  const { place: _place, ...rest } = filter
  return rest
}

function randomFilter(random: Random, levels: number): Filter {
  const kind = levels > 0 ? random.pick(["test", "test", "and", "or", "not"] as const) : "test"
  if (kind === "not") return { kind, part: randomFilter(random, levels - 1) }
  if (kind !== "test") {
    return { kind, parts: Array.from({ length: 2 + random.below(2) }, () => randomFilter(random, levels - 1)) }
  }
  const field = random.pick(FIELD_NAMES)
  const written = random.pick(operatorsOf(field))
  const isList = written.endsWith("in")
  const operator = (isList ? (written === "in" ? "=" : "!=") : written) as Operator
  const count = isList ? 2 + random.below(3) : 1
  return { kind, field, operator, values: Array.from({ length: count }, () => randomOperand(random, field, operator)) }
}

const TEXTS = [
  "a",
  "and",
  "web-1",
  "",
  " ",
  'q"',
  "it's",
  "\\",
  "a\\n",
  "\n\t",
  "x*y",
  "*",
  "/a/",
  "/",
  "é💥",
  "a,b",
  "(",
  "=",
  "10.1.2.3/24",
]

function randomOperand(random: Random, field: (typeof FIELD_NAMES)[number], operator: Operator): Operand {
  if ((operator === "~" || operator === "!~") && random.below(4) === 0) {
    return {
      kind: "regex",
      text: random.pick(["a|b", "\\/x", '(in use), "now"', "[^/]"]),
      flags: random.pick(["", "i", "ms"]),
    }
  }
  const samples: Record<string, string[]> = {
    number: ["0", "1", "255", "-3"],
    duration: ["5ms", "1.5s", "2h30m"],
    size: ["1kB", "2.5MiB", "0B"],
    time: ["10m", "2026-09-21T03:00:00Z"],
    signal: ["9", "SIGTERM"],
    address: ["10.1.2.3", "fd00::/64"],
  }
  const { kind, values } = fieldOf(field)
  const isText = operator === "~" || operator === "!~"
  const text = random.pick((isText ? undefined : (samples[kind] ?? values)) ?? TEXTS)
  const operand = operandOf(field, operator, text, random.below(2) === 0, NOW)
  if ("expected" in operand) throw new Error(`${field} ${text}`)
  return operand
}
