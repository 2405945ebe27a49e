import assert from "node:assert/strict"
import { test } from "node:test"
import { decodeLine } from "../../../src/model/decode/decode.ts"
import { Random } from "../../capture/random.ts"

const JSON_TEXT = '{"cniVersion":"0.3.1","name":"cbr0","type":"multus"}'
const BYTES = [...new TextEncoder().encode(JSON_TEXT)]

/** A slice of bytes as Go's %v prints it. */
const GO_V = `[${BYTES.join(" ")}]`
const HEX = BYTES.map((byte) => `0x${byte.toString(16).padStart(2, "0")}`)
/** As Go's %q and strconv.Quote print it. */
const GO_Q = JSON.stringify(JSON_TEXT)
const X22 = JSON_TEXT.replaceAll('"', "\\x22")
const BASE64 = btoa(JSON_TEXT)

const decoded = (line: string) => decodeLine(line).text
const encodings = (line: string) => decodeLine(line).parts.map(({ encoding }) => encoding)

// Pain 7: multus#1446, multus#1107, kube-ovn#2897, cilium#4960, minikube#8386, azure#242.
test("decodes [123 34 99 ...] alone, in a struct, in an Event", () => {
  assert.equal(decoded(GO_V), JSON_TEXT)
  assert.equal(
    decoded(`CmdAdd: &{ContainerID:c0ffee Netns:/run/netns/a IfName:eth0 StdinData:${GO_V}}, <nil>`),
    `CmdAdd: &{ContainerID:c0ffee Netns:/run/netns/a IfName:eth0 StdinData:${JSON_TEXT}}, <nil>`,
  )
  assert.equal(
    decoded(
      `Warning  FailedCreatePodSandBox  3s  kubelet  failed (add): CNI request failed with status 400: 'ContainerID:"c0" StdinData:${GO_V}'`,
    ),
    `Warning  FailedCreatePodSandBox  3s  kubelet  failed (add): CNI request failed with status 400: 'ContainerID:"c0" StdinData:${JSON_TEXT}'`,
  )
})

test("decodes lists with commas, JSON arrays, []uint8{0x7b, ...}, bare bytes and hexadecimal digits", () => {
  for (const line of [
    `[${BYTES.join(", ")}]`,
    `[]uint8{${HEX.join(", ")}}`,
    `[]byte{${HEX.join(",")}}`,
    HEX.join(" "),
    BYTES.map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  ])
    assert.equal(decoded(line), JSON_TEXT)
  assert.equal(decoded(`conf=[]byte{${HEX.join(", ")}} err=nil`), `conf=${JSON_TEXT} err=nil`)
})

test("decodes %#v of json.RawMessage and [][]byte, decimal bytes in braces, `% x`, several lists in one line", () => {
  assert.equal(decoded(`conf=json.RawMessage{${HEX.join(", ")}} end`), `conf=${JSON_TEXT} end`)
  assert.equal(decoded(`[][]uint8{[]uint8{${HEX.join(", ")}}}`), `[][]uint8{${JSON_TEXT}}`)
  assert.equal(decoded(`new byte[]{1}; []byte{${BYTES.join(", ")}} end`), `new byte[]{1}; []${JSON_TEXT} end`)
  assert.equal(
    decoded(`stdin ${BYTES.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")} end`),
    `stdin ${JSON_TEXT} end`,
  )
  assert.equal(decoded(BYTES.map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(" ")), JSON_TEXT)
  assert.equal(decoded(`${GO_V} ${GO_V}`), `${JSON_TEXT} ${JSON_TEXT}`)
})

// https://github.com/Azure/azure-container-networking/issues/218: the values of AdditionalArgs are json.RawMessage.
test("several byte lists in a Go struct", () => {
  assert.equal(
    decoded(
      "2018/08/06 17:40:17 [cni-net] Read network configuration &{CNIVersion:0.3.0 Name:azure DNS:{Nameservers:[10.0.0.10 168.63.129.16]} AdditionalArgs:[{Name:EndpointPolicy Value:[123 34 84 121 112 101 34 58 34 79 117 116 66 111 117 110 100 78 65 84 34 125]} {Name:EndpointPolicy Value:[123 34 84 121 112 101 34 58 34 82 79 85 84 69 34 125]}]}.",
    ),
    '2018/08/06 17:40:17 [cni-net] Read network configuration &{CNIVersion:0.3.0 Name:azure DNS:{Nameservers:[10.0.0.10 168.63.129.16]} AdditionalArgs:[{Name:EndpointPolicy Value:{"Type":"OutBoundNAT"}} {Name:EndpointPolicy Value:{"Type":"ROUTE"}}]}.',
  )
})

test("decodes a byte list in a Go struct in a string of a JSON log", () => {
  const { text, parts } = decodeLine(
    JSON.stringify({ level: "debug", msg: `cmdAdd: &{c0ffee /run/netns/a eth0 /opt/cni/bin ${GO_V}}, <nil>`, n: 1 }),
  )
  assert.equal(
    text,
    JSON.stringify({
      level: "debug",
      msg: `cmdAdd: &{c0ffee /run/netns/a eth0 /opt/cni/bin ${JSON_TEXT}}, <nil>`,
      n: 1,
    }),
  )
  assert.deepEqual(parts, [{ from: 0, to: 0, encoding: "byte list", text: JSON_TEXT }])
})

// https://github.com/aws/amazon-vpc-cni-k8s/issues/2837
test("decodes a configuration that is escaped twice in a JSON log", () => {
  assert.equal(
    decoded(
      String.raw`{"level":"info","caller":"routed-eni-cni-plugin/cni.go:125","msg":"Received CNI add request: IfName(eth0) Path(/opt/cni/bin) argsStdinData({\\\"cniVersion\\\":\\\"0.4.0\\\",\\\"mtu\\\":\\\"9001\\\"})"}`,
    ),
    String.raw`{"level":"info","caller":"routed-eni-cni-plugin/cni.go:125","msg":"Received CNI add request: IfName(eth0) Path(/opt/cni/bin) argsStdinData({\"cniVersion\":\"0.4.0\",\"mtu\":\"9001\"})"}`,
  )
})

// https://github.com/containernetworking/cni/issues/909
test("an error that was quoted several times loses all quotes but its own", () => {
  assert.equal(
    decoded(
      String.raw`E1026 14:08:18.459322 1067481 remote_runtime.go:193] "RunPodSandbox from runtime service failed" err="rpc error: code = Unknown desc = failed to setup network for sandbox \"5db402dd\": plugin type=\"portmap\" failed (add): \"unable to create chain CNI-HOSTPORT: \\\"running [/usr/sbin/iptables -t nat -N CNI-DN-1 --wait]: exit status 4: Fatal: can't open lock file\\\"\""`,
    ),
    `E1026 14:08:18.459322 1067481 remote_runtime.go:193] "RunPodSandbox from runtime service failed" err=rpc error: code = Unknown desc = failed to setup network for sandbox "5db402dd": plugin type="portmap" failed (add): unable to create chain CNI-HOSTPORT: "running [/usr/sbin/iptables -t nat -N CNI-DN-1 --wait]: exit status 4: Fatal: can't open lock file"`,
  )
})

// https://github.com/containernetworking/plugins/issues/1115
test("an error of several lines that was quoted gets its lines back", () => {
  assert.equal(
    decoded(
      String.raw`time="2024-11-01T10:00:00Z" level=error msg="RunPodSandbox failed" error="plugin type=\"bridge\" failed (add): failed to run nft: /dev/stdin:1:1-9: Error: Could not process rule\nadd table inet cni\n^^^^^^^^^\n"`,
    ),
    `time="2024-11-01T10:00:00Z" level=error msg="RunPodSandbox failed" error=plugin type="bridge" failed (add): failed to run nft: /dev/stdin:1:1-9: Error: Could not process rule
add table inet cni
^^^^^^^^^
`,
  )
})

test("strings of a JSON document in a line keep their quotes", () => {
  for (const line of [
    String.raw`conf {"a":"x \"y \\\"z\\\"\"","b":"{IP}"} end`,
    String.raw`conf {"msg":"a\nb","error":"x \\\"y\\\""`,
    String.raw`fmt.Printf("a\nb")`,
    String.raw`msg="C:\\new\\tools"`,
  ])
    assert.deepEqual(decodeLine(line), { text: line, parts: [] })
})

test("decodes text quoted by Go, quoted twice, in logrus' msg, with \\x22 and \\u0022", () => {
  assert.equal(decoded(GO_Q), JSON_TEXT)
  assert.equal(decoded(JSON.stringify(`failed: ${GO_Q}`)), `failed: ${JSON_TEXT}`)
  assert.equal(
    decoded(`time="03:00" level=error msg="netplugin failed: ${JSON.stringify(JSON_TEXT).slice(1, -1)}" pod=web`),
    `time="03:00" level=error msg=netplugin failed: ${JSON_TEXT} pod=web`,
  )
  assert.equal(decoded(`conf ${X22} end`), `conf ${JSON_TEXT} end`)
  assert.equal(decoded(JSON_TEXT.replaceAll('"', "\\u0022")), JSON_TEXT)
  assert.equal(decoded("{\\x22k\\x22:\\x22\\xc3\\xa9\\x22}"), '{"k":"é"}')
  assert.equal(decoded('"{\\n  \\"mtu\\": 1500\\n}"'), '{\n  "mtu": 1500\n}')
})

test("decodes base64 alone, in a line, and as a value in libcni's cache file", () => {
  assert.equal(decoded(BASE64), JSON_TEXT)
  assert.equal(decoded(`config: ${BASE64}.`), `config: ${JSON_TEXT}.`)
  assert.equal(
    decoded(`{"kind":"cniCacheV1","containerId":"c0ffee","config":"${BASE64}","bytes":${JSON.stringify(BYTES)}}`),
    `{"kind":"cniCacheV1","containerId":"c0ffee","config":${JSON_TEXT},"bytes":${JSON_TEXT}}`,
  )
})

test("a token is not decoded, although it looks like base64 of JSON", () => {
  const token = `${btoa('{"alg":"RS256","kid":"x"}')}.${btoa('{"iss":"kubernetes"}')}.c2lnbmF0dXJl`.replaceAll("=", "")
  assert.equal(decoded(`Authorization: Bearer ${token}`), `Authorization: Bearer ${token}`)
})

test("several encoded parts in one line, nested ones, and their encodings", () => {
  const line = `stdin=${GO_V} conf=${BASE64} msg=${JSON.stringify(`StdinData:${GO_V}`)}`
  assert.deepEqual(encodings(line), ["byte list", "base64", "byte list"])
  assert.equal(decoded(line), `stdin=${JSON_TEXT} conf=${JSON_TEXT} msg="StdinData:${JSON_TEXT}"`)
  assert.deepEqual(encodings(JSON.stringify(`a ${GO_Q}`)), ["quoted"])
})

test("truncated text is decoded up to its end", () => {
  const { text, parts } = decodeLine(`StdinData:[${BYTES.slice(0, 20).join(" ")} ...`)
  assert.equal(text, `StdinData:${JSON_TEXT.slice(0, 20)}`)
  assert.deepEqual(
    parts.map(({ isTruncated }) => isTruncated),
    [true],
  )
  const half = [...new TextEncoder().encode('{"name":"é')].slice(0, -1)
  assert.equal(decoded(`[${half.join(" ")}`), '{"name":"')
  assert.equal(decoded('conf {\\"a\\":{\\"b\\":1'), 'conf {"a":{"b":1')
})

test("text that is not encoded JSON is left unchanged", () => {
  for (const line of [
    "",
    "[INFO] started",
    '{"name":"[\\t]","ipam":"{ }"}',
    "ports [80 443 8080 9090 65]",
    "[1 2 3 4 5 300]",
    "0x1, 0x2, 0x3, 0x4, 0x5",
    JSON_TEXT,
    'msg="no \\"brackets\\" here"',
    'level=info msg="expected { but\\n"',
    "eyes wide open, ewok, W1",
    "7b22",
    "[255 254 253 252 251]",
  ])
    assert.deepEqual(decodeLine(line), { text: line, parts: [] })
})

/** Pieces of which many begin something that never ends, and what is made of a line of them. */
const HOSTILE: [piece: string, expected: (count: number) => string][] = [
  ['{\\"a', (count) => '{"a'.repeat(count)],
  ['\\"{', (count) => `\\${'"{'.repeat(count)}`],
  ['"{\\', (count) => `${'"{'.repeat(count)}\\`],
  ["[1 ", (count) => "[1 ".repeat(count)],
  ["{[", (count) => "{[".repeat(count)],
  ["eyJ", (count) => "eyJ".repeat(count)],
  ["net.IP{0x1, ", (count) => "net.IP{0x1, ".repeat(count)],
  ["{IP:1.2.3.4 ", (count) => "{IP:1.2.3.4 ".repeat(count)],
  ["IP:[1 ", (count) => "IP:[1 ".repeat(count)],
  ["7b 5b ", (count) => "7b 5b ".repeat(count)],
  ["123 91 ", (count) => "123 91 ".repeat(count)],
  ["\\n", (count) => "\\n".repeat(count)],
]
for (const [piece, expected] of HOSTILE) {
  test(`the cost of a hostile line is linear in its length: ${piece}`, () => {
    const cost = (count: number) => {
      const line = piece.repeat(count)
      const before = process.cpuUsage()
      const text = decoded(line)
      const { user, system } = process.cpuUsage(before)
      assert.equal(text === expected(count), true)
      return (user + system) / 1000
    }
    const shortMs = Math.max(cost(10_000), cost(10_000))
    // Thirty times as long. What looks back over the line from each piece would cost nine hundred times as much.
    const longMs = cost(300_000)
    assert.ok(longMs < 100 * shortMs + 300, `${longMs} ms, a thirtieth of it ${shortMs} ms`)
  })
}

test("decodes a list of a million bytes, as Multus logs its configuration", () => {
  const text = JSON.stringify({ own: "a".repeat(1_000_000) })
  const bytes = [...new TextEncoder().encode(text)]
  assert.equal(decoded(`[${bytes.join(" ")}]`) === text, true)
  assert.equal(decoded(`[]uint8{${bytes.map((byte) => `0x${byte.toString(16)}`).join(", ")}}`) === text, true)
})

test("random JSON in any encoding in the middle of a line is decoded", (t) => {
  const seed = Random.seed()
  t.diagnostic(`seed ${seed}`)
  const random = new Random(seed)
  const codes: ((text: string, bytes: number[]) => string)[] = [
    (_, bytes) => `[${bytes.join(" ")}]`,
    (_, bytes) => `[]uint8{${bytes.map((byte) => `0x${byte.toString(16)}`).join(", ")}}`,
    (_, bytes) => bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    (_, bytes) => btoa(String.fromCharCode(...bytes)),
    (text) => JSON.stringify(text),
    (text) => text.replaceAll("\\", "\\\\").replaceAll('"', "\\x22"),
  ]
  for (let round = 0; round < 2000; round++) {
    const text = JSON.stringify({ cniVersion: "1.0.0", own: random.json(2) })
    // A string that is JSON itself is decoded too, as in libcni's cache file.
    if (/"(?:\\[tnr]| )*[[{]/.test(text)) continue
    // So is the beginning of escaped JSON in a string.
    if (/[[{](?:\\[tnr]|\s)*\\\\/.test(text)) continue
    const code = random.pick(codes)
    const line = `conf ${code(text, [...new TextEncoder().encode(text)])} end`
    assert.equal(decoded(line), `conf ${text} end`, line)
  }
})
