import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { runChecks } from "../../src/doctor/run-checks.ts"
import type { InstallStatus } from "../../src/install/status/status.ts"
import { detectFiles } from "../install/no-programs.ts"
import { plant, process, programs, type Tree } from "../install/plant.ts"
import { PlantedFiles } from "../install/planted-files.ts"
import { HEALTHY, LIST, list, ranged } from "./healthy.ts"

// Nodes of public issues, with other names and addresses. Each is an example of its kind.

test("containerd/nri#1, kubernetes-sigs/kind#2167: PATH has grown by one entry per pod, and no plugin can be started", async (t) => {
  const limits =
    "Limit                     Soft Limit           Hard Limit           Units\nMax stack size            8388608              unlimited            bytes\n"
  const grown = (count: number): Tree => ({
    "/proc/612/environ": "PATH=/usr/sbin:/usr/bin:/sbin:/bin\0",
    ...process(700, "/usr/bin/containerd-shim-runc-v2 -namespace k8s.io"),
    "/proc/700/environ": `PATH=/usr/sbin:/usr/bin:/sbin:/bin${":/opt/nri/bin".repeat(count)}\0LANG=C\0`,
    "/proc/700/limits": limits,
  })
  const remedy =
    "Restart the runtime: systemctl restart containerd; then update what adds the entry to the environment of containerd (an NRI client does for each pod)."
  assert.deepEqual(await changed(t, grown(9900)), [
    `error environment-too-large: PATH has 128734 bytes, and the kernel allows 131072 for one variable; /opt/nri/bin is in PATH 9900 times; no plugin can be started, so no call is recorded either => ${remedy}`,
  ])
  assert.deepEqual(await changed(t, grown(50)), [
    `warning environment-too-large: the environment has 708 bytes, and the kernel allows 2097152 with the arguments; /opt/nri/bin is in PATH 50 times => ${remedy}`,
  ])
  assert.deepEqual(await changed(t, grown(3)), [])
})

test("many large variables: a quarter of the stack limit, and never less than 128 KiB", async (t) => {
  const variables = Array.from({ length: 20 }, (_, at) => `PROXY_${at}=${"x".repeat(6500)}\0`).join("")
  const [finding] = await changed(t, {
    "/proc/612/environ": `PATH=/usr/sbin:/usr/bin\0${variables}`,
    "/proc/612/limits": "Max stack size            65536                65536                bytes\n",
  })
  assert.match(
    finding ?? "",
    /^error environment-too-large: the environment has 130\d{3} bytes, and the kernel allows 131072 with the arguments; no plugin can be started, so no call is recorded either => /,
  )
})

test("istio/istio#48746: a node without a shell in the PATH of the runtime", async (t) => {
  const istio = { plugins: [{ type: "bridge", ipam: ranged("10.88.0.0/16") }, { type: "istio-cni" }] }
  const without = {
    [LIST]: list(istio),
    ...programs("/opt/cni/bin", "istio-cni"),
    ...process(800, "/opt/cni/bin/install-cni"),
    "/proc/612/environ": "PATH=/usr/sbin\0",
  }
  const expected =
    "warning tool-missing: istio-cni cannot find sh in /usr/sbin => Install a shell, or upgrade istio-cni: releases 1.18.7, 1.19.6 and 1.20.2 need one."
  assert.deepEqual(await changed(t, without), [expected])
  assert.deepEqual(await changed(t, without, { "/usr/sbin/sh": "" }), [])
})

test("a plugin that is a script for an interpreter in PATH", async (t) => {
  const script = { "/opt/cni/bin/portmap": { mode: 0o755, text: "#!/usr/bin/env python3\n" }, "/usr/bin/env": "" }
  assert.deepEqual(await changed(t, script, { "/proc/612/environ": "PATH=/usr/sbin\0" }), [
    "error tool-missing: portmap cannot find python3 in /usr/sbin => Install python3.",
  ])
})

test("flannel-io/flannel#2232: the node's network is another one now, and a list still names flannel", async (t) => {
  const multus = {
    type: "multus",
    kubeconfig: "/etc/cni/net.d/multus.d/multus.kubeconfig",
    delegates: [{ name: "cbr0", plugins: [{ type: "flannel", delegate: { isDefaultGateway: true } }] }],
  }
  const tree = {
    [LIST]: list({ plugins: [multus] }),
    "/etc/cni/net.d/multus.d/multus.kubeconfig": "",
    ...programs("/opt/cni/bin", "multus", "flannel"),
    ...process(800, "/opt/bin/flanneld --ip-masq"),
    "/proc/modules": `${HEALTHY["/proc/modules"]}vxlan 16384 1 - Live 0x0\n`,
  }
  assert.deepEqual(await changed(t, tree), [
    `error subnet-file-missing: /run/flannel/subnet.env is missing; flannel (delegate of multus) of ${LIST} reads it => Start flanneld, which writes it; if the node has another network now, remove ${LIST}.`,
  ])
  assert.deepEqual(await changed(t, tree, { "/run/flannel/subnet.env": "FLANNEL_SUBNET=10.244.0.1/24\n" }), [])
})

const CALICO = {
  type: "calico",
  ipam: { type: "calico-ipam" },
  kubernetes: { kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
}
const CALICO_NODE: Tree = {
  [LIST]: list({ plugins: [CALICO] }),
  "/etc/cni/net.d/calico-kubeconfig": "",
  "/var/lib/calico/nodename": "node-1",
  ...programs("/opt/cni/bin", "calico", "calico-ipam"),
  ...process(800, "calico-node -felix"),
}

test("kubesphere/kubekey#2504: without calico's file with the node's name, ADD and DEL fail", async (t) => {
  assert.deepEqual(await changed(t, CALICO_NODE), [])
  const { "/var/lib/calico/nodename": _, ...without } = CALICO_NODE
  assert.deepEqual(await changed(t, without), [
    "error nodename-missing: /var/lib/calico/nodename is missing, so calico fails every ADD, and every DEL: pods stay Terminating => Start calico-node, which writes it: check its pod on this node.",
  ])
  assert.deepEqual(await changed(t, without, { [LIST]: list({ plugins: [{ ...CALICO, nodename: "node-1" }] }) }), [])
})

test("istio/istio#56216: the kubeconfig that the list names does not exist", async (t) => {
  const { "/etc/cni/net.d/calico-kubeconfig": _, ...without } = CALICO_NODE
  assert.deepEqual(await changed(t, without), [
    "error kubeconfig-missing: calico cannot read /etc/cni/net.d/calico-kubeconfig; client-go without a kubeconfig asks localhost:8080 => Restart the agent of calico, which writes it.",
  ])
})

test("istio/istio#57788: a list names the plugin of an agent that does not run any more", async (t) => {
  const istio = { plugins: [{ type: "bridge", ipam: ranged("10.88.0.0/16") }, { type: "istio-cni" }] }
  const tree = { [LIST]: list(istio), ...programs("/opt/cni/bin", "istio-cni"), "/usr/sbin/sh": "" }
  assert.deepEqual(await changed(t, tree), [
    `warning agent-down: ${LIST} names istio-cni, and install-cni does not run => Check the pod of istio-cni on this node. If it was removed on purpose, remove istio-cni from ${LIST}: without its agent ADD fails, at the latest when its credentials expire.`,
  ])
  assert.deepEqual(await changed(t, tree, process(800, "/opt/cni/bin/install-cni")), [])
})

test("Azure/azure-container-networking#642: a state file full of NUL bytes after a crash", async (t) => {
  const zeros = { mode: 0o600, text: Buffer.alloc(512) }
  const files = ["/run/azure-vnet.json", "/var/lib/cni/flannel/c1", "/var/lib/cni/networks/containerd-net/10.88.0.9"]
  assert.deepEqual(
    (await changed(t, Object.fromEntries(files.map((path) => [path, zeros])))).filter((it) => it.includes("zeroed")),
    files.map(
      (path) =>
        `error state-file-zeroed: ${path} has 512 bytes, all NUL: a plugin that parses it reports invalid character '\\x00' => rm ${path}`,
    ),
  )
})

test("the list changed since the install, and the capture is gone", async (t) => {
  const root = plant(t, HEALTHY)
  const facts = detectFiles(root)
  const capture = {
    path: "/var/lib/cnitap/capture",
    exists: false,
    problem: "does not exist",
    sizeBytes: 0,
    segments: 0,
  }
  const install: InstallStatus = {
    binDir: "/opt/cni/bin",
    mode: "swap",
    state: "installed",
    installedMs: 1,
    changedMs: 1,
    settings: { capture: capture.path, raw: false, onlyFailures: false },
    isForced: false,
    lists: [LIST],
    plugins: [],
    tombstones: [],
    capture,
  }
  const gap = {
    kind: "plugin",
    plugin: "portmap",
    list: LIST,
    path: "/opt/cni/bin/portmap",
    cause: "not-installed",
  } as const
  const missing = { kind: "plugin", plugin: "tuning", list: LIST, cause: "missing", reason: "it is not in /a" } as const
  const options = { files: new PlantedFiles(root), mayExecute: false, nowMs: NOW_MS }
  const found = await runChecks(facts, { ...options, installs: [install], gaps: [gap, missing] })
  assert.deepEqual(found.map(lineOf), [
    `warning cnitap-list-changed: portmap of the active list ${LIST} is not recorded => Run cnitap status for the command that records it, or keep cnitap watch running.`,
    "warning cnitap-capture: /var/lib/cnitap/capture does not exist => Run cnitap status, then cnitap install.",
  ])
})

const NOW_MS = Date.UTC(2030, 0, 1)

/** Findings of the healthy node with changes. */
async function changed(t: TestContext, ...changes: Tree[]): Promise<string[]> {
  const root = plant(t, HEALTHY, ...changes)
  const options = { files: new PlantedFiles(root), mayExecute: false, nowMs: NOW_MS }
  return (await runChecks(detectFiles(root), options)).map(lineOf)
}

function lineOf(finding: { severity: string; rule: string; detail: string; remedy: string }): string {
  const { severity, rule, detail, remedy } = finding
  return `${severity} ${rule}: ${detail} => ${remedy}`
}
