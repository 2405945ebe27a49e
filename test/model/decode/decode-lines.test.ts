import assert from "node:assert/strict"
import { test } from "node:test"
import { decodeLines } from "../../../src/model/decode/decode-lines.ts"

const CONFIG = '{"cniVersion":"0.3.1","type":"multus"}'
const LIST = `[${[...new TextEncoder().encode(CONFIG)].join(" ")}]`

async function decoded(text: string): Promise<string[]> {
  const lines: string[] = []
  for await (const { line, text: decodedText } of decodeLines(text.split("\n"))) lines.push(`${line} ${decodedText}`)
  return lines
}

// https://github.com/k8snetworkplumbingwg/multus-cni/issues/302
test("a byte list that is broken by a line feed, in a line with other text", async () => {
  const log = `2019-04-08T08:49:22-07:00 [debug] cmdAdd: &{0c226f66 /proc/49701/ns/net eth0 IgnoreUnknown=1;K8S_POD_NAME=ub-pod /opt/cni/bin [123 34 76 111 103 70 105 108 101 34 58 34 47 118 97 114 47 108 111 103 47 109 117 108 116 117 115 46 108 111 103 34 44 34 76 111 103 76 101 118 101 108 34 58 34 100 101 98 117 103 34 44 34 99 108 117 115 116 101 114 78 101 116 119 111 114 107 34 58 34 102 108 97 110 110 101 108 46 49 34 44 34 99 110 105 86 101 114 115 105 111 110 34 58 34 34 44 34 107 117 98 101 99 111 110 102 105 103 34 58 34 47 101 116 99 47 99 110 105 47 110 101 116 46 100 47 109 117 108 116 117 115 46 100 47 109 117 108 116 117 115 46 107 117 98 101 99 111 110 102 105 103 34 44 34 110 97 109 101 34 58 34 109 117 108 116 117 115 45 99 110 105 45 110 101 116 119 111 114 107 34 44 34 110 97 109 101 115 112 97 99 101 73 115${" "}
111 108 97 116 105 111 110 34 58 102 97 108 115 101 44 34 116 121 112 101 34 58 34 109 117 108 116 117 115 34 125]}, <nil>, <nil>
2019-04-08T08:49:22-07:00 [debug] GetK8sArgs: &{0c226f66}`
  assert.deepEqual(await decoded(log), [
    '1 2019-04-08T08:49:22-07:00 [debug] cmdAdd: &{0c226f66 /proc/49701/ns/net eth0 IgnoreUnknown=1;K8S_POD_NAME=ub-pod /opt/cni/bin {"LogFile":"/var/log/multus.log","LogLevel":"debug","clusterNetwork":"flannel.1","cniVersion":"","kubeconfig":"/etc/cni/net.d/multus.d/multus.kubeconfig","name":"multus-cni-network","namespaceIsolation":false,"type":"multus"}}, <nil>, <nil>',
    "3 2019-04-08T08:49:22-07:00 [debug] GetK8sArgs: &{0c226f66}",
  ])
})

test("two byte lists in text that a terminal broke anywhere, also within a number", async () => {
  const line = `cmdAdd: &{c0 eth0 ${LIST}}, <nil> and ${LIST} end`
  for (let width = 12; width <= 60; width++) {
    const broken = line.match(new RegExp(`.{1,${width}}`, "g")) ?? []
    const lines = await decoded(broken.join("\n"))
    assert.equal(
      lines.map((text) => text.replace(/^\d+ /, "")).join(""),
      `cmdAdd: &{c0 eth0 ${CONFIG}}, <nil> and ${CONFIG} end`,
      `${width} columns`,
    )
  }
})

// How journald, the files of container logs and klog's multi-line values begin a line.
test("the lines of a list may begin with what a logger writes before each line", async () => {
  assert.deepEqual(
    await decoded(`May 03 17:40:32 node1 kubelet[5493]:         ERRORED: StdinData:[123 34 99
May 03 17:40:32 node1 kubelet[5493]:         110 105 34 58 49 125]'
May 03 17:40:32 node1 kubelet[5493]:  >`),
    [
      `1 May 03 17:40:32 node1 kubelet[5493]:         ERRORED: StdinData:{"cni":1}'`,
      "3 May 03 17:40:32 node1 kubelet[5493]:  >",
    ],
  )
  assert.deepEqual(
    await decoded(`2024-01-24T10:00:00.123456789Z stderr P cmdAdd: [123 34 99 1
2024-01-24T10:00:00.123456789Z stderr F 10 105 34 58 49 125], <nil>`),
    ['1 2024-01-24T10:00:00.123456789Z stderr P cmdAdd: {"cni":1}, <nil>'],
  )
})

// Longhorn's documentation of its storage network shows this error as a terminal broke it.
test("a Go-printed network that is broken over two lines", async () => {
  assert.deepEqual(
    await decoded(`erro
r at storage engine: Could not allocate IP in range: ip: 172.16.0.1 / - 172.16.0.6 / range: net.IPNet{IP:net.IP{0xac, 0x10, 0x0, 0x0}, Mask:net.IPMask{0xff,
0xff, 0xff, 0xf8}}

  ....`),
    [
      "1 erro",
      "2 r at storage engine: Could not allocate IP in range: ip: 172.16.0.1 / - 172.16.0.6 / range: 172.16.0.0/29",
      "4 ",
      "5   ....",
    ],
  )
  assert.deepEqual(await decoded("Address:{IP:10.1.5.185\n    Mask:ffffff00} Gateway:10.1.5.1"), [
    "1 Address:10.1.5.185/24 Gateway:10.1.5.1",
  ])
})

// https://github.com/k8snetworkplumbingwg/sriov-network-device-plugin/issues/555
test("a multi-line error of the kubelet keeps its lines", async () => {
  assert.deepEqual(
    await decoded(`E0503 17:40:32.221314    5493 remote_runtime.go:193] "RunPodSandbox from runtime service failed" err=<
	rpc error: code = Unknown desc = failed to setup network for sandbox "c9c9bb18": plugin type="multus-shim" name="multus-cni-network" failed (add): CmdAdd (shim): CNI request failed with status 400: '&{ContainerID:c9c9bb18 Netns:/var/run/netns/cni-1 IfName:eth0 Args: Path: StdinData:${LIST}} ContainerID:"c9c9bb18" Netns:"/var/run/netns/cni-1" ERRORED: error configuring pod [default/web] networking
	': StdinData: {"capabilities":{"portMappings":true},"cniVersion":"0.3.1"}
 >`),
    [
      '1 E0503 17:40:32.221314    5493 remote_runtime.go:193] "RunPodSandbox from runtime service failed" err=<',
      `2 \trpc error: code = Unknown desc = failed to setup network for sandbox "c9c9bb18": plugin type="multus-shim" name="multus-cni-network" failed (add): CmdAdd (shim): CNI request failed with status 400: '&{ContainerID:c9c9bb18 Netns:/var/run/netns/cni-1 IfName:eth0 Args: Path: StdinData:${CONFIG}} ContainerID:"c9c9bb18" Netns:"/var/run/netns/cni-1" ERRORED: error configuring pod [default/web] networking`,
      `3 \t': StdinData: {"capabilities":{"portMappings":true},"cniVersion":"0.3.1"}`,
      "4  >",
    ],
  )
})

test("an indented JSON array and a list without brackets are byte lists too", async () => {
  assert.deepEqual(
    await decoded('  "bytes": [\n    123,\n    34,\n    99,\n    34,\n    58,\n    49,\n    125\n  ],\n  "a": 1'),
    ['1   "bytes": {"c":1},', '10   "a": 1'],
  )
  assert.deepEqual(await decoded("[123, 34, 99,\n34, 58, 49, 125]"), ['1 {"c":1}'])
  assert.deepEqual(await decoded("123 34 99\n34 58 49 125\n"), ['1 {"c":1}', "3 "])
})

test("lines that are decoded no better together stay separate", async () => {
  assert.deepEqual(await decoded("ports [80 443\n  8080 9090]\nx"), ["1 ports [80 443", "2   8080 9090]", "3 x"])
  assert.deepEqual(await decoded("ports [80 443\n 8080] stdin [123 34 99\n34 58 49 125] z [1 2\n3]"), [
    "1 ports [80 443",
    '2  8080] stdin {"c":1} z [1 2',
    "4 3]",
  ])
  assert.deepEqual(await decoded("ends [123 34 99 110"), ['1 ends {"cn'])
  assert.deepEqual(await decoded("[\n[1\n[123 34 99 110\nnot a number"), ["1 [", "2 [1", '3 {"cn', "4 not a number"])
})

test("a list that never ends is given back before it fills the memory", async () => {
  const LINES = 6_000
  let written = 0
  function* endless() {
    yield "[1 2 3"
    while (written < LINES) {
      written++
      yield "4 5 6 7 8 9 ".repeat(300)
    }
  }
  let mostHeld = 0
  let read = 0
  for await (const _ of decodeLines(endless())) {
    read++
    mostHeld = Math.max(mostHeld, written - read)
  }
  assert.equal(read, LINES + 1)
  assert.ok(mostHeld < LINES / 2, `${mostHeld} lines held`)
})
