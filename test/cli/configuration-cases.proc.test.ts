import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import type { FindingOutput } from "../../src/cli/output/finding-output.ts"
import { cnitap } from "./cnitap.ts"
import { type WrittenCall, writeCalls } from "./written-capture.ts"

const directory = mkdtempSync(join(tmpdir(), "cnitap-cases-"))
after(() => rmSync(directory, { recursive: true, force: true }))
let cases = 0

/** What `cnitap lint DIRECTORY` prints for these files: the lines of each finding, without empty ones. */
async function lintFiles(files: Record<string, string | Buffer>): Promise<string[]> {
  const netD = join(directory, `net.d-${++cases}`)
  mkdirSync(netD)
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(netD, name), content)
    utimesSync(join(netD, name), new Date("2026-11-20T03:00:00Z"), new Date("2026-11-20T03:00:00Z"))
  }
  const { stdout } = await cnitap(["lint", netD])
  return stdout
    .replaceAll(`${netD}/`, "")
    .split("\n")
    .filter((line) => line !== "")
}

/** `severity rule plugin: what`, and where: `stream:byte` and the field. */
async function lintCalls(calls: readonly WrittenCall[]): Promise<string[]> {
  const capture = join(directory, `capture-${++cases}`)
  writeCalls(capture, calls)
  const { stdout } = await cnitap(["lint", "--capture", capture, "-o", "json"])
  const { items }: { items: FindingOutput[] } = JSON.parse(stdout)
  return (
    items
      // The capture's calls have neither CNI_PATH nor CNI_NETNS.
      .filter(({ rule }) => !["env-missing", "netns-missing"].includes(rule))
      .map(({ severity, rule, plugin, title, detail, evidence }) => {
        const { stream, byte, pointer } = evidence
        return `${severity} ${rule} ${plugin}: ${title}: ${detail} @ ${stream}:${byte}${pointer === undefined ? "" : ` ${pointer}`}`
      })
  )
}

const T = Date.UTC(2026, 10, 28, 3)
const BRIDGE = '{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge"}]}'

test("kubernetes/kubernetes#53536, cilium/cilium#8474: a comma before a bracket", async () => {
  const calico = `{
  "cniVersion": "0.3.1", "name": "k8s-pod-network", "type": "calico",
  "policy": {"type": "k8s", "k8s_api_root": "http://192.0.2.3:8080",}
}
`
  assert.deepEqual(await lintFiles({ "10-calico.conf": calico, "20-bridge.conflist": BRIDGE }), [
    "10-calico.conf:3:68: error: file is not JSON: a comma before `}`; containerd has no network meanwhile, and CRI-O uses 20-bridge.conflist (conf-broken-json)",
    '  3 | …cy": {"type": "k8s", "k8s_api_root": "http://192.0.2.3:8080",}',
    "    |                                                              ^",
    "  Remove the comma.",
    "20-bridge.conflist:1:1: note: file that the runtime does not use: the first one is 10-calico.conf (conf-file-unused)",
    "  Remove it, or rename it to sort first: containerd and CRI-O use one file by default.",
  ])
})

test("containernetworking/cni#733: a comment", async () => {
  assert.deepEqual(await lintFiles({ "87-podman.conflist": '{\n  // my network\n  "cniVersion": "0.4.0"\n}\n' }), [
    "87-podman.conflist:2:3: error: file is not JSON: JSON has no comments (`//`); containerd has no network meanwhile, and CRI-O has no other (conf-broken-json)",
    "  2 |   // my network",
    "    |   ^",
    "  Remove the comment.",
  ])
})

test("containerd/containerd#11076, containers/podman#10402: a list in a .conf", async () => {
  const found = await lintFiles({ "10-x.conf": BRIDGE })
  assert.equal(
    found[0],
    "10-x.conf:1:47: error: file extension does not match the content: a list in 10-x.conf: runtimes look for a plugin in it and report that its type is missing; containerd has no network meanwhile, and CRI-O has no other (conf-extension)",
  )
  assert.equal(found.at(-1), "  Rename it: mv 10-x.conf 10-x.conflist")
})

test("aojea/kindnet#42: a file that an agent is writing", async () => {
  const found = await lintFiles({ "10-kindnet.conflist": BRIDGE, "10-kindnet.conflist.temp": BRIDGE.slice(0, 20) })
  assert.deepEqual(found.slice(0, 1), [
    "10-kindnet.conflist.temp:1:1: note: file extension that no runtime reads: 10-kindnet.conflist.temp: an agent writes its list under this name and renames it; containerd logs each of these events (conf-extension-unread)",
  ])
})

test("aws/amazon-vpc-cni-k8s#2293: a number where the plugin takes text, and the other way round", async () => {
  const aws = '{"cniVersion":"0.4.0","name":"aws-cni","plugins":[{"type":"aws-cni","vethPrefix":"eni","mtu":9001}]}'
  assert.deepEqual(await lintFiles({ "10-aws.conflist": aws }), [
    "10-aws.conflist:1:94: error: value of the wrong type: mtu is 9001, a number; aws-cni takes a string (conf-value-type)",
    '  1 | …-cni","plugins":[{"type":"aws-cni","vethPrefix":"eni","mtu":9001}]}',
    "    |                                                              ^",
    '  Write it in quotes: "9001".',
  ])
  const stdin = { cniVersion: "0.4.0", name: "aws-cni", type: "egress-cni", mtu: "9001", prevResult: {} }
  assert.deepEqual(
    await lintCalls([
      {
        id: "a1".repeat(8),
        pod: "web-1",
        plugin: "egress-cni",
        wallMs: T,
        stdin,
        error: "json: cannot unmarshal string into Go struct field NetConf.mtu of type int",
      },
    ]),
    [
      "error config-undecodable egress-cni: the plugin cannot decode its configuration: mtu is a string, and this build of egress-cni takes a number @ stdin:59",
    ],
  )
})

test("k8snetworkplumbingwg/multus-cni#576: an IPAM plugin in the place of the main plugin", async () => {
  const conf = '{"cniVersion":"0.3.1","type":"host-local","subnet":"10.0.0.0/24"}'
  assert.deepEqual(
    (await lintFiles({ "10-x.conf": conf })).filter((line) => line.includes("error")),
    [
      "10-x.conf:1:1: error: network without a name: name is missing (conf-without-name)",
      "10-x.conf:1:30: error: IPAM plugin used as a main plugin: host-local is an IPAM plugin: it makes no interface (conf-ipam-as-main)",
    ],
  )
  const stdin = { cniVersion: "1.0.0", name: "net1", type: "host-local", ipam: { subnet: "10.0.0.0/24" } }
  const stdout = { cniVersion: "1.0.0", ips: [{ address: "10.0.0.2/24" }] }
  const found = await lintCalls([{ id: "a2".repeat(8), pod: "web-1", plugin: "host-local", wallMs: T, stdin, stdout }])
  assert.ok(
    found.includes(
      "error conf-ipam-as-main host-local: IPAM plugin used as a main plugin: host-local is an IPAM plugin: it makes no interface @ stdin:43 /type",
    ),
    found.join("\n"),
  )
})

test("kubernetes/minikube#17754: a plugin that is too old for the list", async () => {
  const details = 'config is "1.0.0", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0"]'
  assert.deepEqual(
    await lintCalls([
      { id: "a3".repeat(8), pod: "web-1", wallMs: T, error: "incompatible CNI versions", details },
      { id: "b3".repeat(8), pod: "web-2", wallMs: T + 5000, error: "incompatible CNI versions", details },
    ]),
    [
      "error version-unsupported bridge: plugin does not support the configuration's version: 1.0.0; bridge supports 0.1.0 to 0.4.0 @ stdin:1",
    ],
  )
})

test("oomichi#99: a list in version 0.2.0", async () => {
  const found = await lintFiles({ "10-flannel.conflist": BRIDGE.replace("1.0.0", "0.2.0") })
  assert.deepEqual(found, [
    "10-flannel.conflist:1:15: error: list in a version that has no lists: lists begin with 0.3.0, and cniVersion is 0.2.0 (conf-version-without-lists)",
    '  1 | {"cniVersion":"0.2.0","name":"pods","plugins":[{"type":"bridge"}]}',
    "    |               ^",
    "  Write 0.3.1 or newer, as far as every plugin of the list supports it.",
  ])
})

test("linkerd/linkerd2#4807: an empty version, and a token in the list", async () => {
  const list =
    '{"cniVersion":"","name":"pods","plugins":[{"type":"bridge"},{"type":"linkerd-cni","policy":{"k8s_auth_token":"eyJhbGciOi.hunter2"}}]}'
  const found = await lintFiles({ "10-x.conflist": list })
  assert.deepEqual(
    found.filter((line) => !line.includes(" | ")),
    [
      "10-x.conflist:1:15: warning: network without cniVersion: cniVersion is empty (conf-without-version)",
      "  Set `cniVersion`: without it, runtimes assume 0.1.0, which has neither CHECK nor prevResult, and plugins may fail at DEL.",
      "10-x.conflist:1:110: warning: secret in the file: k8s_auth_token (conf-secret)",
      "  Refer to a kubeconfig or another file, and rotate the secret: every plugin of the list may have logged it.",
    ],
  )
  assert.equal(found.join("\n").includes("hunter2"), false)
})

test("linkerd/linkerd2#9916: a chained plugin alone, in the first file", async () => {
  const linkerd = '{"cniVersion":"0.3.0","name":"linkerd-cni","type":"linkerd-cni"}'
  const found = await lintFiles({ "01-linkerd-cni.conf": linkerd, "05-cilium.conflist": BRIDGE })
  assert.equal(
    found[0],
    "01-linkerd-cni.conf:1:51: error: list that starts with a plugin that needs another one before it: linkerd-cni alone; 01-linkerd-cni.conf is read before 05-cilium.conflist and was written at 2026-11-20T03:00:00.000Z (conf-meta-plugin-first)",
  )
  const stdin = { cniVersion: "0.3.0", name: "linkerd-cni", type: "linkerd-cni" }
  const calls = await lintCalls([
    {
      id: "a4".repeat(8),
      pod: "web-1",
      plugin: "linkerd-cni",
      wallMs: T,
      stdin,
      error: "cannot convert: no valid IP addresses",
    },
  ])
  assert.deepEqual(calls, [
    "error chained-plugin-first linkerd-cni: plugin that needs another one before it was called first: it got no prevResult @ stdin:0",
  ])
})

test("PowerShell and editors of Windows: byte order mark, UTF-16, line ends", async () => {
  const text = BRIDGE.replaceAll(",", ",\r\n")
  assert.deepEqual(await lintFiles({ "10-x.conflist": text }), [])
  assert.deepEqual(await lintFiles({ "10-x.conflist": `\ufeff${text}` }), [
    "10-x.conflist:1:1: error: file that is not plain UTF-8: it begins with a UTF-8 byte order mark (EF BB BF), which Go's JSON parser rejects; containerd has no network meanwhile, and CRI-O has no other (conf-encoding)",
    "  Remove the mark: sed -i '1s/^\\xef\\xbb\\xbf//' 10-x.conflist",
  ])
  assert.deepEqual(await lintFiles({ "10-x.conflist": Buffer.from(`\ufeff${text}`, "utf16le") }), [
    "10-x.conflist:1:1: error: file that is not plain UTF-8: it is UTF-16LE, and JSON parsers read UTF-8; containerd has no network meanwhile, and CRI-O has no other (conf-encoding)",
    "  Convert it: iconv -f UTF-16 -t UTF-8 10-x.conflist > 10-x.conflist.new && mv 10-x.conflist.new 10-x.conflist",
  ])
})

test("containernetworking/cni#1086: GC of one runtime frees what another one uses", async () => {
  const stdin = { cniVersion: "1.1.0", name: "pods", type: "bridge", "cni.dev/valid-attachments": [] }
  const found = await lintCalls([
    { id: "a5".repeat(8), pod: "build-1", parentName: "podman", wallMs: T },
    { id: "b5".repeat(8), pod: "none", parentName: "crio", command: "GC", wallMs: T + 5000, stdin },
  ])
  assert.ok(
    found.includes(
      `error gc-of-other-runtime bridge: GC does not list the attachment of another runtime: shop/build-1 of podman, added by call ${"a5".repeat(8)}, has 10.1.0.9; crio does not know it @ stdin:52`,
    ),
    found.join("\n"),
  )
})

test("weaveworks/weave#3787: bandwidth after a plugin that returns no interface", async () => {
  const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.1.0.9/24" }] }
  const stdin = { cniVersion: "1.0.0", name: "weave", type: "bandwidth", prevResult }
  const found = await lintCalls([
    { id: "a6".repeat(8), pod: "web-1", plugin: "bandwidth", wallMs: T, stdin, error: "no interfaces provided" },
  ])
  assert.deepEqual(found, [
    "error prevresult-without-interface bandwidth: the result before this plugin has no interface: the plugin before it returned no interfaces @ stdin:56",
  ])
})

test("kubernetes/kubernetes#70014: a rate without a burst, from the pod's annotations", async () => {
  const stdin = {
    cniVersion: "1.0.0",
    name: "pods",
    type: "bandwidth",
    capabilities: { bandwidth: true },
    prevResult: { cniVersion: "1.0.0", interfaces: [{ name: "eth0", sandbox: "/run/netns/x" }] },
    runtimeConfig: { bandwidth: { ingressRate: 1000, ingressBurst: 0 } },
  }
  const found = await lintCalls([
    {
      id: "a7".repeat(8),
      pod: "web-1",
      plugin: "bandwidth",
      wallMs: T,
      stdin,
      error: "if rate is set, burst must also be set",
    },
  ])
  assert.deepEqual(found, [
    "error conf-bandwidth-limit bandwidth: rate and burst that the bandwidth plugin does not accept: ingressRate is 1000 bit/s, and ingressBurst is 0 bits @ stdin:245 /runtimeConfig/bandwidth/ingressBurst",
  ])
})

test("k8snetworkplumbingwg/sriov-cni#258: no device", async () => {
  const stdin = { cniVersion: "1.0.0", name: "sriov-net", type: "sriov", vlan: 5 }
  const found = await lintCalls([
    {
      id: "a8".repeat(8),
      pod: "web-1",
      plugin: "sriov",
      wallMs: T,
      stdin,
      error: "LoadConf(): VF pci addr is required",
    },
  ])
  assert.deepEqual(found, [
    "error device-missing sriov: no device in the configuration: deviceID: it is missing @ stdin:0",
  ])
})

test("Azure/azure-container-networking#642: a state file of NUL bytes after a crash", async () => {
  const found = await lintCalls([
    {
      id: "a9".repeat(8),
      pod: "web-1",
      plugin: "azure-vnet",
      wallMs: T,
      error: "Failed to initialize key-value store: invalid character '\\x00' looking for beginning of value",
    },
  ])
  assert.deepEqual(found, [
    "error state-file-broken azure-vnet: the plugin reads a file of NUL bytes: the node went down before its content was written; the configuration on stdin is not at fault @ stdout:56",
  ])
})

test("a pod that the kubelet deletes again and again is one line", async () => {
  const calls = Array.from({ length: 46 }, (_, at) => ({
    id: at.toString(16).padStart(16, "0"),
    pod: "web-1",
    command: "DEL",
    wallMs: T + at * 60_000,
    error: "device or resource busy",
  }))
  const capture = join(directory, "repeats")
  writeCalls(
    capture,
    calls.map((call) => ({ ...call, stderr: "busy" })),
  )
  const { stdout } = await cnitap(["lint", "--capture", capture, "-o", "jsonl"])
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    lines
      .filter(({ rule }) => rule === "stderr-discarded")
      .map(({ count, podCount, calls, firstStartedAt, startedAt }) => ({
        count,
        podCount,
        calls: calls.length,
        firstStartedAt,
        startedAt,
      })),
    [
      {
        count: 46,
        podCount: 1,
        calls: 10,
        firstStartedAt: "2026-11-28T03:00:00.000Z",
        startedAt: "2026-11-28T03:45:00.000Z",
      },
    ],
  )
})
