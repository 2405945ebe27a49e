import assert from "node:assert/strict"
import { test } from "node:test"
import { cnitap } from "./cnitap.ts"

const LIST = "[123 34 99 110 105 86 34 58 49 125]"

test("decode in a pipe: lines are kept, encoded JSON in them is decoded", async () => {
  const stdin = `3s  Warning  FailedCreatePodSandBox  pod/web  StdinData:${LIST}} done\n${LIST}\nplain\n`
  assert.deepEqual(await cnitap(["decode"], { stdin }), {
    stdout: '3s  Warning  FailedCreatePodSandBox  pod/web  StdinData:{"cniV":1}} done\n{\n  "cniV": 1\n}\nplain\n',
    stderr: "",
    code: 0,
  })
})

test("decode of an argument; a list that was broken into lines is joined", async () => {
  assert.equal((await cnitap(["decode", LIST])).stdout, '{\n  "cniV": 1\n}\n')
  assert.equal(
    (await cnitap(["decode"], { stdin: "x [123 34 99 110 105\n  86 34 58 49 125] y\nz\n" })).stdout,
    'x {"cniV":1} y\nz\n',
  )
  assert.equal((await cnitap(["decode"], { stdin: "ends [123 34 99 110" })).stdout, 'ends {"cn\n')
  const own = "a".repeat(500_000)
  const bytes = [...Buffer.from(JSON.stringify({ own }))].join(" ").replaceAll(" 97 97 97 97 97 97 97 97", "$&\n")
  assert.equal((await cnitap(["decode", "-o", "jsonpath={.items[0].value.own}"], { stdin: `[${bytes}]` })).stdout, own)
})

test("decode -o jsonl: position, encoding, text and value", async () => {
  const { stdout } = await cnitap(["decode", "-o", "jsonl"], { stdin: `a\nb ${LIST} ${btoa('{"mtu":1500}')}\n` })
  assert.deepEqual(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
    [
      {
        apiVersion: "cnitap/v1",
        kind: "Decoded",
        line: 2,
        from: 2,
        to: 37,
        encoding: "byte list",
        text: '{"cniV":1}',
        value: { cniV: 1 },
      },
      {
        apiVersion: "cnitap/v1",
        kind: "Decoded",
        line: 2,
        from: 38,
        to: 54,
        encoding: "base64",
        text: '{"mtu":1500}',
        value: { mtu: 1500 },
      },
    ],
  )
  assert.deepEqual(await cnitap(["decode", "-o", "jsonl", "nothing"]), {
    stdout: "",
    stderr: "no encoded JSON found\n",
    code: 0,
  })
})
