import assert from "node:assert/strict"
import { test } from "node:test"
import { lintConf } from "../../../../src/model/lint/conf/lint-conf.ts"

/** Where, what and what to do: `line:column detail => remedy`. */
function broken(content: string): string {
  const [finding, ...more] = lintConf("10-net.conflist", content)
  assert.deepEqual([finding?.rule, more], ["conf-broken-json", []])
  return `${finding?.line}:${finding?.column} ${finding?.detail} => ${finding?.remedy}`
}

test("a text that is not JSON is explained by what to change", () => {
  const cases: [string, string][] = [
    // kubernetes#53536, cilium#8474
    ['{"a":{"b":"c",}}', "1:14 a comma before `}` => Remove the comma."],
    ['{"a":[1,2,\r\n  ]}', "1:10 a comma before `]` => Remove the comma."],
    // cni#733
    ['{"a":1, // why\n"b":2}', "1:9 JSON has no comments (`//`) => Remove the comment."],
    ['# why\n{"a":1}', "1:1 JSON has no comments (`#`) => Remove the comment."],
    ['{/* why */"a":1}', "1:2 JSON has no comments (`/*`) => Remove the comment."],
    ['{"a":1\n "b":2}', '2:2 a comma is missing before `"b"` => Add a comma.'],
    ['{"a" 1}', "1:6 a colon is missing before `1` => Add a colon after the key."],
    ["{'a':1}", "1:2 a string in ' => Use `\"` around strings."],
    ["{\u201ca\u201d:1}", '1:2 a string in \u201c => Use `"` around strings.'],
    ["{name:1}", '1:2 the key name is not in quotes => Write "name".'],
    ['{"a":True}', "1:6 True is not a JSON value => Write true, false or null."],
    ['{"a":"b\nc"}', '1:6 a string that does not end on its line => Close it with `"`.'],
    ['{"a":1', "1:7 the file ends before its last bracket is closed => Restore the rest of it."],
    ['{"a":[{"b":1}\n\n', "1:14 the file ends before its last bracket is closed => Restore the rest of it."],
    ['{"a":1}\n{"b":2}', "2:1 text after the end of the object: `{` => Remove what follows the object."],
    ['{"a":1} x', "1:9 text after the end of the object: `x` => Remove what follows the object."],
    [
      '{"mtu":__CNI_MTU__}',
      "1:8 the placeholder __CNI_MTU__ was not filled in => Look at the log of the agent that writes this file from a template.",
    ],
    ["", "1:1 the file is empty => Remove it, or write a list into it."],
    ["\n \n", "1:1 the file is empty => Remove it, or write a list into it."],
    [
      "\0\0\0\0",
      "1:1 it begins with NUL bytes: the node went down before the content was written => Remove the file and restart the agent that writes it.",
    ],
  ]
  assert.deepEqual(
    cases.map(([content]) => broken(content)),
    cases.map(([, expected]) => expected),
  )
})

test("no beginning of a configuration makes the explanation fail", () => {
  const whole = '{"cniVersion":"1.0.0",\r\n"name":"ö","plugins":[{"type":"bridge","mtu":1500,"ipMasq":true}]}'
  for (let length = 0; length < whole.length; length++) {
    const [finding] = lintConf("10-net.conflist", whole.slice(0, length))
    assert.equal(finding?.rule, "conf-broken-json")
    assert.ok(finding.byte <= Buffer.byteLength(whole.slice(0, length)) && finding.caret <= finding.lineText.length)
  }
})
