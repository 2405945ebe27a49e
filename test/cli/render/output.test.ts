import assert from "node:assert/strict"
import { test } from "node:test"
import { parse } from "yaml"
import type { Context } from "../../../src/cli/context.ts"
import { compileJsonPath } from "../../../src/cli/render/jsonpath.ts"
import { printRows } from "../../../src/cli/render/output.ts"
import type { Table } from "../../../src/cli/render/table.ts"

type Row = { id: string; ms: number; note: string }

const ROWS: Row[] = [
  { id: "a1", ms: 5, note: "fine" },
  { id: "b22", ms: 1200, note: "bad\u001b[31m" },
]

const TABLE: Table<Row> = {
  kind: "Thing",
  name: ({ id }) => `thing/${id}`,
  empty: "no thing",
  columns: [
    { title: "ID", text: ({ id }) => id },
    { title: "TIME", alignRight: true, text: ({ ms }) => String(ms) },
    { title: "WIDE", isWide: true, text: ({ id }) => `w${id}` },
    { title: "NOTE", text: ({ note }) => note, colour: ({ ms }) => (ms > 1000 ? "red" : undefined) },
  ],
}

/** What is written for these rows; the terminal is that many columns wide. */
async function printed(options: object, rows: Row[] = ROWS, columns?: number): Promise<{ out: string; err: string }> {
  const written = { out: "", err: "" }
  const context = {
    stdout: {
      write: (text: string) => {
        written.out += text
      },
      ...(columns === undefined ? {} : { isTTY: true, columns }),
    },
    stderr: {
      write: (text: string) => {
        written.err += text
      },
    },
    env: {},
  } as unknown as Context
  await printRows(context, { output: "table", headers: true, ...options }, TABLE, rows)
  return written
}

const VALUES = ROWS.map((row) => ({ apiVersion: "cnitap/v1", kind: "Thing", ...row }))

test("a table in a pipe: aligned, control characters escaped, no colour", async () => {
  assert.deepEqual(await printed({}), {
    out: "ID    TIME   NOTE\na1       5   fine\nb22   1200   bad\\x1b[31m\n",
    err: "",
  })
  assert.equal(
    (await printed({ output: "wide", headers: false })).out,
    "a1       5   wa1    fine\nb22   1200   wb22   bad\\x1b[31m\n",
  )
})

test("a table on a terminal: coloured, wrapped to its width", async () => {
  const red = (text: string) => `\u001b[31m${text}\u001b[39m`
  assert.equal(
    (await printed({}, ROWS, 80)).out,
    `ID    TIME   NOTE\na1       5   fine\nb22   1200   ${red("bad\\x1b[31m")}\n`,
  )
  const long = [{ id: "a1", ms: 5, note: "one two three four five six seven eight nine" }]
  assert.equal(
    (await printed({}, long, 40)).out,
    "ID  TIME  NOTE\na1     5  one two three four five six\n          seven eight nine\n",
  )
  assert.equal(
    (await printed({}, long, 30)).out,
    "ID  TIME\n    NOTE\na1     5\n    one two three four five\n    six seven eight nine\n",
  )
  const wide = [{ id: "a-name-that-is-longer-than-it", ms: 5, note: "one" }]
  assert.equal((await printed({}, wide, 30)).out, "a-name-that-is-longer-than-it\n    5\n    one\n")
})

test("json, jsonl, yaml, name and jsonpath print the same objects", async () => {
  const list = { apiVersion: "cnitap/v1", kind: "ThingList", items: VALUES }
  assert.deepEqual(JSON.parse((await printed({ output: "json" })).out), list)
  assert.deepEqual(parse((await printed({ output: "yaml" })).out), list)
  const lines = (await printed({ output: "jsonl" })).out.trimEnd().split("\n")
  assert.deepEqual(
    lines.map((line) => JSON.parse(line) as unknown),
    VALUES,
  )
  assert.equal((await printed({ output: "name" })).out, "thing/a1\nthing/b22\n")
  assert.equal((await printed({ output: "jsonpath={.items[*].id}" })).out, "a1 b22")
})

test("without rows: json and yaml are empty lists, other formats print a message on stderr", async () => {
  assert.deepEqual(await printed({}, []), { out: "", err: "no thing\n" })
  assert.deepEqual(await printed({ output: "jsonl" }, []), { out: "", err: "no thing\n" })
  const json = await printed({ output: "json" }, [])
  assert.deepEqual([JSON.parse(json.out), json.err], [{ apiVersion: "cnitap/v1", kind: "ThingList", items: [] }, ""])
  assert.deepEqual(parse((await printed({ output: "yaml" }, [])).out), {
    apiVersion: "cnitap/v1",
    kind: "ThingList",
    items: [],
  })
})

test("jsonpath templates as in kubectl", () => {
  const value = {
    items: [
      { id: "a", n: 1, deep: { id: "x" }, "a.b": "dotted" },
      { id: "b", n: 5, list: [1, 2, 3] },
    ],
  }
  const cases: [string, string][] = [
    ["{.items[*].id}", "a b"],
    [".items[0].id", "a"],
    ["{.items[-1].id}", "b"],
    ["{.items[1].list[0:2]}", "1 2"],
    ["{..id}", "a x b"],
    ["{.items[0]['a\\.b']}", "dotted"],
    ["{.items[0]['deep.id']}", "x"],
    ["{.items[*]['id', 'n']}", "a 1 b 5"],
    ["{.items[1].list[::2]}", "1 3"],
    ["{.items[1].list[0,2]}", "1 3"],
    ["{.items[?(@.n>2)].id}", "b"],
    ['{.items[?(@.id=="a")].n}', "1"],
    ["{.items[?(@.list)].id}", "b"],
    ['{range .items[*]}{.id}={.n}{"\\n"}{end}', "a=1\nb=5\n"],
    ["{range .items[*]}{.id}{'\\t'}{end}", "a\tb\t"],
    ["{.items[1].list}", "[1,2,3]"],
    ["{.nothing.here}", ""],
    ["id is {.items[0].id}!", "id is a!"],
  ]
  for (const [template, expected] of cases) {
    const path = compileJsonPath(template)
    assert.ok("render" in path, template)
    assert.equal(path.render(value), expected, template)
  }
  for (const [template, error] of [
    ["{.items[}", "expected an index, *, a quoted key or ?(…) at character 9"],
    ["{range .items[*]}{.id}", "{range} without {end}"],
  ] as const)
    assert.deepEqual(compileJsonPath(template), { error })
})
