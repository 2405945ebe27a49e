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

test("from a pipe: lists broken over lines, Go-printed networks and the kubelet's multi-line errors", async () => {
  const stdin = `E0503 17:40:32.221314    5493 remote_runtime.go:193] "RunPodSandbox from runtime service failed" err=<
	rpc error: code = Unknown desc = plugin type="multus-shim" failed (add): CNI request failed with status 400: '&{ContainerID:c9c9bb18 StdinData:[123 34 99 110 105
	86 34 58 49 125]} ERRORED: error adding container to network "storage": Could not allocate IP in range: ip: 172.16.0.1 / - 172.16.0.6 / range: net.IPNet{IP:net.IP{0xac, 0x10, 0x0, 0x0}, Mask:net.IPMask{0xff, 0xff, 0xff, 0xf8}}
	'
 > pod="default/web"\r
ports [80 443
  8080]
`
  assert.deepEqual(await cnitap(["decode"], { stdin }), {
    stdout: `E0503 17:40:32.221314    5493 remote_runtime.go:193] "RunPodSandbox from runtime service failed" err=<
	rpc error: code = Unknown desc = plugin type="multus-shim" failed (add): CNI request failed with status 400: '&{ContainerID:c9c9bb18 StdinData:{"cniV":1}} ERRORED: error adding container to network "storage": Could not allocate IP in range: ip: 172.16.0.1 / - 172.16.0.6 / range: 172.16.0.0/29
	'
 > pod="default/web"
ports [80 443
  8080]
`,
    stderr: "",
    code: 0,
  })
})

test("for programs: an address, and the line of the input where it is", async () => {
  assert.deepEqual(
    await cnitap(["decode", "-o", "jsonl"], {
      stdin: "[123 34 97\n34 58 49 125]\nresult {IP:10.1.5.185 Mask:ffffff00}",
    }),
    {
      stdout: `{"apiVersion":"cnitap/v1","kind":"Decoded","line":1,"from":0,"to":24,"encoding":"byte list","text":"{\\"a\\":1}","value":{"a":1}}
{"apiVersion":"cnitap/v1","kind":"Decoded","line":3,"from":7,"to":36,"encoding":"address","text":"10.1.5.185/24"}
`,
      stderr: "",
      code: 0,
    },
  )
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
    stderr: "nothing to decode found\n",
    code: 0,
  })
})
