import assert from "node:assert/strict"
import { test } from "node:test"
import { encode } from "../../../src/capture/encode.ts"
import { toMatcher } from "../../../src/model/filter/match.ts"
import { parseFilter } from "../../../src/model/filter/parse.ts"
import { prefilterOf, requiredAddresses } from "../../../src/model/filter/prefilter.ts"
import { checksum } from "../../../src/store/capture/checksum.ts"
import { Random } from "../../capture/random.ts"
import { call as newCall } from "../calls.ts"

const IN_COLUMNS = ["plugin", "command", "exit"]

test("the prefilter of a filter occurs in every line that the filter matches", () => {
  const needles = [
    "ip=10.1.2.3",
    "ip=10.1.2.0/20",
    "ip=10.0.0.0/7",
    "stderr~Abc",
    "stderr~ab",
    'msg~"no /dev"',
    'msg~"a\\"b"',
    "msg~nét",
    "stderr!~abc",
    "code=11",
    "ip=10.1.2.3 and plugin=bridge",
    "plugin=bridge or ip=10.1.2.3",
    "node=a or ip=10.1.2.3",
    "ip=10.1.2.3 or stderr~abc",
    "not ip=10.1.2.3",
    "plugin=bridge and command=ADD",
    "(ip=10.1.2.3 or exit=1) and plugin=bridge",
    "(ip=10.1.2.3 or exit=1) and stderr~a",
    "(ip=10.1.2.3 or exit=1) and stderr~abc",
  ].map((text) => {
    const parsed = parseFilter(text, 0)
    assert.ok(parsed.ok, text)
    return [text, prefilterOf(parsed.filter, ({ field }) => IN_COLUMNS.includes(field))?.replace(ALWAYS, "")]
  })
  assert.deepEqual(Object.fromEntries(needles), {
    "ip=10.1.2.3": "10\\.1\\.2\\.3",
    "ip=10.1.2.0/20": "10\\.1\\.",
    "ip=10.0.0.0/7": undefined,
    "stderr~Abc": "[aA][bB][cC]",
    "stderr~ab": undefined,
    'msg~"no /dev"': "[nN][oO] \\\\*/[dD][eE][vV]",
    'msg~"a\\"b"': undefined,
    "msg~nét": undefined,
    "stderr!~abc": undefined,
    "code=11": '\\\\"code\\\\"',
    "ip=10.1.2.3 and plugin=bridge": "10\\.1\\.2\\.3",
    "plugin=bridge or ip=10.1.2.3": "10\\.1\\.2\\.3",
    "node=a or ip=10.1.2.3": undefined,
    "ip=10.1.2.3 or stderr~abc": "10\\.1\\.2\\.3|[aA][bB][cC]",
    "not ip=10.1.2.3": undefined,
    "plugin=bridge and command=ADD": undefined,
    "(ip=10.1.2.3 or exit=1) and plugin=bridge": "10\\.1\\.2\\.3",
    "(ip=10.1.2.3 or exit=1) and stderr~a": undefined,
    "(ip=10.1.2.3 or exit=1) and stderr~abc": "[aA][bB][cC]",
  })
})

test("every line that a filter matches contains its prefilter, however a writer escapes", (t) => {
  const random = Random.of(t)
  let matched = 0
  for (let round = 0; round < 3000; round++) {
    const word = random.pick(["ask", "k/a", "a.b", "10.1.2.3", "Code", "x y", "{z}"])
    const said = spelled(random, `${random.text(4)}${random.below(2) > 0 ? word : "ak"}${random.text(4)}`)
    const stdout = random.pick([
      JSON.stringify({ code: random.below(20), msg: said }),
      escaped(random, JSON.stringify({ ips: [{ address: `10.1.2.${random.below(9)}/24` }], msg: said })),
      said,
    ])
    const filter = random.pick([
      `msg~"${word}"`,
      `stdout~"${word}"`,
      "ip=10.1.2.3",
      "ip=10.1.0.0/16",
      "code=11",
      "code!=3",
    ])
    const parsed = parseFilter(filter, 0)
    assert.ok(parsed.ok, filter)
    const needle = prefilterOf(parsed.filter, () => false)
    const call = newCall("bridge", { stdout: { sizeBytes: stdout.length, text: stdout } })
    if (needle === undefined || !toMatcher(parsed.filter, 0).call(call)) continue
    matched++
    const line = encode({ ...call, kind: "end" } as never, checksum)
    assert.match(Buffer.from(line).toString("latin1"), new RegExp(needle), filter)
  }
  assert.ok(matched > 200, `${matched} of 3000 matched`)
})

test("the addresses that a filter requires, as ranges of numbers", () => {
  const ranges = [
    "ip=10.1.2.3",
    "ip in (10.1.2.3, 10.1.2.4)",
    "ip=10.1.2.0/20",
    "ip=0.0.0.0/0",
    "ip=::1:0:0:2",
    "ip=fd00::/64",
    "ip!=10.1.2.3",
    "not ip=10.1.2.3",
    "ip~10.1",
    "ip=10.1.2.3 and stderr~abc",
    "ip=10.1.2.3 or stderr~abc",
    "ip=10.1.2.3 or exit=1",
    "stderr~abc and (ip=10.1.2.3 or exit=1)",
  ].map((text) => {
    const parsed = parseFilter(text, 0)
    assert.ok(parsed.ok, text)
    const decided = requiredAddresses(parsed.filter, ({ field }) => IN_COLUMNS.includes(field))
    const written = (found: typeof decided) => found?.map(({ from, to }) => `${from.toString(16)}-${to.toString(16)}`)
    return [text, [written(requiredAddresses(parsed.filter)), written(decided)]]
  })
  const one = ["a010203-a010203"]
  assert.deepEqual(Object.fromEntries(ranges), {
    "ip=10.1.2.3": [one, one],
    "ip in (10.1.2.3, 10.1.2.4)": [
      ["a010203-a010203", "a010204-a010204"],
      ["a010203-a010203", "a010204-a010204"],
    ],
    "ip=10.1.2.0/20": [["a010000-a010fff"], ["a010000-a010fff"]],
    "ip=0.0.0.0/0": [["0-ffffffff"], ["0-ffffffff"]],
    "ip=::1:0:0:2": [["10002-10002"], ["10002-10002"]],
    "ip=fd00::/64": [undefined, undefined],
    "ip!=10.1.2.3": [undefined, undefined],
    "not ip=10.1.2.3": [undefined, undefined],
    "ip~10.1": [undefined, undefined],
    "ip=10.1.2.3 and stderr~abc": [one, one],
    "ip=10.1.2.3 or stderr~abc": [undefined, undefined],
    "ip=10.1.2.3 or exit=1": [undefined, one],
    "stderr~abc and (ip=10.1.2.3 or exit=1)": [undefined, undefined],
  })
})

const ALWAYS = "|\\\\u|\\xe2\\x84\\xaa|\\xc4\\xb0"

/** In upper and lower case, and occasionally with the Kelvin sign for a K. */
function spelled(random: Random, text: string): string {
  return [...text]
    .map((character) => {
      if (character.toLowerCase() === "k" && random.below(5) === 0) return "\u212a"
      return random.below(2) > 0 ? character.toUpperCase() : character
    })
    .join("")
}

/** As other writers of JSON do: slashes and letters as escapes. */
function escaped(random: Random, json: string): string {
  return [...json]
    .map((character) => {
      if (character === "/" && random.below(2) > 0) return "\\/"
      if (/[a-z0-9.]/i.test(character) && random.below(40) === 0)
        return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
      return character
    })
    .join("")
}
