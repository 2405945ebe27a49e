import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { type EditedList, hasProbes, withoutProbes, withProbes } from "../../../src/install/plan/edit-list.ts"

const CONFLISTS = join(import.meta.dirname, "../../fixtures/conflists")

test("only the probes are inserted, in the formatting of the list: several lines, one line, tabs, no final newline", () => {
  const written = [
    ['{"plugins":[{"type":"bridge"}]}', '{"plugins":[{ "type": "cni_pre" },{"type":"bridge"},{ "type": "cni_post" }]}'],
    [
      '{ "plugins": [\n\t{ "type": "a" },\n\n\t{"type":"b" }\n\t]\n}\n',
      '{ "plugins": [\n\t{ "type": "cni_pre" },\n\t{ "type": "a" },\n\n\t{"type":"b" },\n\t{ "type": "cni_post" }\n\t]\n}\n',
    ],
    [
      '{\r\n  "plugins": [ {\r\n    "type": "a" } ]}',
      '{\r\n  "plugins": [ { "type": "cni_pre" }, {\r\n    "type": "a" }, { "type": "cni_post" } ]}',
    ],
  ]
  for (const [before = "", after = ""] of written) {
    assert.deepEqual(withProbes(before), { text: after })
    assert.deepEqual(withoutProbes(after), { text: before })
  }
})

test("lists of real networks: probes are inserted and removed without changing another byte; a second edit changes nothing", () => {
  let lists = 0
  for (const folder of readdirSync(CONFLISTS)) {
    for (const name of readdirSync(join(CONFLISTS, folder)).filter((file) => file.endsWith(".conflist"))) {
      const text = readFileSync(join(CONFLISTS, folder, name), "latin1")
      const edited = textOf(withProbes(text))
      assert.equal(hasProbes(edited), true)
      assert.equal(textOf(withProbes(edited)), edited)
      assert.equal(textOf(withoutProbes(edited)), text, `${folder}/${name}`)
      lists++
    }
  }
  assert.ok(lists > 15, `${lists} lists`)
})

test("another program has appended a plugin: only the probes are removed", () => {
  const edited = textOf(withProbes('{"plugins": [{"type": "bridge"}]}'))
  const appended = edited.replace(/\]/, ', {"type": "istio-cni"}]')
  assert.equal(textOf(withoutProbes(appended)), '{"plugins": [{"type": "bridge"}, {"type": "istio-cni"}]}')
})

test("bytes that are not valid UTF-8 are preserved", () => {
  const text = Buffer.from([...Buffer.from('{"name":"'), 0xe9, ...Buffer.from('","plugins":[{"type":"a"}]}')])
  const edited = Buffer.from(textOf(withProbes(text.toString("latin1"))), "latin1")
  assert.deepEqual(edited.subarray(0, 24), text.subarray(0, 24))
})

test("text that is not a list is refused", () => {
  assert.deepEqual(withProbes('{"type":"bridge"}'), { error: "it has no plugins list" })
  assert.deepEqual(withProbes('{"plugins":[]}'), { error: "its plugins list is empty" })
  assert.deepEqual(withProbes('{"plugins":[{"type":"a"}],"plugins":[{"type":"b"}]}'), {
    error: "its plugins key is duplicated, or it is not plain JSON",
  })
  assert.ok("error" in withProbes('{"plugins":[{"type":"a"}],}'))
})

function textOf(edited: EditedList): string {
  if ("error" in edited) throw new Error(edited.error)
  return edited.text
}
