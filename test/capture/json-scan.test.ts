import assert from "node:assert/strict"
import { test } from "node:test"
import { scanJson } from "../../src/capture/json-scan.ts"
import { Random } from "./random.ts"

/** Every visited value as `/path=text`; containers when they close. */
function values(text: string): string[] {
  const seen: string[] = []
  scanJson(
    text,
    (node) => {
      if (node.kind === "string" || node.kind === "scalar")
        seen.push(`/${node.path.join("/")}=${text.slice(node.from, node.to)}`)
      return undefined
    },
    (node) => seen.push(`/${node.path.join("/")}=${text.slice(node.from, node.to)}`),
  )
  return seen
}

test("every value is visited with its position, duplicates included", () => {
  assert.deepEqual(values('{"a":1,"a":"x","b":{"c":[true, {"d":null}]}}'), [
    "/a=1",
    '/a="x"',
    "/b/c/0=true",
    "/b/c/1/d=null",
    '/b/c/1={"d":null}',
    '/b/c=[true, {"d":null}]',
    '/b={"c":[true, {"d":null}]}',
    '/={"a":1,"a":"x","b":{"c":[true, {"d":null}]}}',
  ])
})

test("keys are unescaped; strings may contain quotes, brackets and backslashes", () => {
  assert.deepEqual(values('{"\\u0074oken":"a\\"}","b\\\\":"\\\\"}').slice(0, 2), ['/token="a\\"}"', '/b\\="\\\\"'])
})

test("a document that is cut off, and several in a row", () => {
  assert.deepEqual(values('{"a":["x","y'), ['/a/0="x"', '/a/1="y'])
  assert.deepEqual(values('{"a":1}\n{"b":2}'), ["/a=1", '/={"a":1}', "/b=2", '/={"b":2}'])
})

test("a visitor that returns false for a container sees nothing of its content", () => {
  const seen: string[] = []
  scanJson('{"a":{"b":1},"c":2}', (node) => {
    if (node.kind !== "key") seen.push(node.path.join("/"))
    return node.step !== "a"
  })
  assert.deepEqual(seen, ["", "a", "c"])
})

test("JSON is distinguished from text that resembles it", () => {
  const isJson = (text: string) => scanJson(text, () => undefined)
  for (const text of [
    "{}",
    "[]",
    '{"a":[1,-2.5e3,true,null,"x"]}',
    '{"a":1}{"b":2}',
    " [ [ ] , { } ] ",
    "{",
    '{"a',
    '{"a":tru',
  ])
    assert.equal(isJson(text), true, text)
  for (const text of [
    "{a:1}",
    "[INFO] x",
    '{"a" 1}',
    '{"a":1]',
    "}",
    '{"a":1} trailing',
    "x{}",
    '{"a":,}',
    "[1 2]",
    '"x"',
    "{'a':1}",
  ])
    assert.equal(isJson(text), false, text)
})

test("random documents, cut off anywhere, are JSON, and all complete strings are found", (t) => {
  const random = Random.of(t)
  for (let round = 0; round < 300; round++) {
    const document = { top: random.json(5) }
    const text = JSON.stringify(document, null, random.below(3))
    const strings: unknown[] = []
    const isJson = scanJson(text, (node) => {
      if (node.kind === "string") strings.push(JSON.parse(text.slice(node.from, node.to)))
      return undefined
    })
    assert.equal(isJson, true, text)
    assert.deepEqual(strings, stringsOf(JSON.parse(text)))
    for (let cut = 0; cut < text.length; cut += 7)
      assert.equal(
        scanJson(text.slice(0, cut), () => undefined),
        true,
      )
  }
})

/** In text order: JSON.stringify and JSON.parse use the same order of keys. */
function stringsOf(value: unknown): string[] {
  if (typeof value === "string") return [value]
  if (typeof value !== "object" || value === null) return []
  return Object.values(value).flatMap(stringsOf)
}

test("100,000 levels of nesting", () => {
  const text = '{"a":['.repeat(100_000)
  assert.equal(
    scanJson(text, () => undefined),
    true,
  )
})
