import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { cnitap } from "../cli/cnitap.ts"
import { Transcripts } from "../cli/transcript.ts"
import { type WrittenCall, writeCalls } from "../cli/written-capture.ts"

// Inputs of public issues, shortened. Each test is named after its issue.

const T0 = Date.now() - 60_000

/** The lines of `cnitap explain shop/web` without what was left behind and what lint has. `calls`: milliseconds are after the first. */
async function explained(t: TestContext, ...calls: Partial<WrittenCall>[]): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), "cnitap-"))
  t.after(() => rmSync(root, { recursive: true }))
  writeCalls(
    root,
    calls.map((call, at) => ({
      id: `${at}`.padStart(16, "0"),
      pod: "web",
      ...call,
      wallMs: T0 + (call.wallMs ?? 50 * at),
    })),
  )
  const { out, err } = await new Transcripts(root).of("explain", "shop/web")
  assert.deepEqual(err, [])
  return out
    .filter((line) => !/^ {2}(?:left behind|never ran|findings) /.test(line))
    .map((line) => line.replace(/\b\d\d:\d\d:\d\dZ/, "TIME"))
}

async function decoded(text: string): Promise<string> {
  return (await cnitap(["decode"], { stdin: text })).stdout
}

test("istio/istio#38794: stdout is a log line", async (t) => {
  const stdoutText = "2022-05-08T19:56:33.123456Z\twarn\tdry run is deprecated\n"
  assert.deepEqual(await explained(t, { plugin: "istio-cni", stdin: chained("istio-cni"), stdoutText, exitCode: 1 }), [
    "ADD shop/web failed T ago in istio-cni, after T",
    "  first failure  istio-cni: stdout is not JSON, it is a log line: DATE warn dry run is deprecated (exit 1)",
    String.raw`  runtime error  plugin type="istio-cni" failed (add): netplugin failed but error parsing its diagnostic message "DATE\twarn\tdry run is deprecated\n": invalid character '-' after top-level value`,
    "  next step  cnitap show #1",
  ])
})

test("rancher/rancher#41608: stderr is a log in JSON", async (t) => {
  const stderr = [
    '{"level":"info","ts":1,"msg":"starting"}',
    '{"level":"error","ts":2,"msg":"cannot add the pod","error":"no route to 10.43.0.1"}',
    '{"level":"info","ts":3,"msg":"done"}',
  ].join("\n")
  assert.equal(
    (await explained(t, { plugin: "rke2-cni", stdoutText: "", stderr, exitCode: 1 }))[1],
    "  first failure  rke2-cni: error: cannot add the pod: no route to 10.43.0.1 (exit 1)",
  )
  assert.equal(
    await decoded(`failed (add): netplugin failed: ${JSON.stringify(stderr)}`),
    `failed (add): netplugin failed: ${stderr}\n`,
  )
})

test("openshift/origin#31012: StdinData in an Event", async () => {
  const config = '{"auxiliaryCNIChainName":"vendor-cni-chain","cniVersion":"0.3.1"}'
  assert.equal(
    await decoded(
      `status 400: 'ContainerID:"8d1" stdinData:[${[...Buffer.from(config)].join(" ")}]': StdinData: ${config}`,
    ),
    `status 400: 'ContainerID:"8d1" stdinData:${config}': StdinData: ${config}\n`,
  )
})

test("k8snetworkplumbingwg/multus-cni#302: a byte list that is broken by a line feed", async () => {
  const config = '{"cniVersion":"0.3.1"}'
  const bytes = [...Buffer.from(config)].join(" ").replace(" 49 ", " \n49 ")
  assert.equal(
    await decoded(`&{cid /proc/4970/ns/net eth0 K8S_POD_NAME=web /opt/cni/bin [${bytes}]}`),
    `&{cid /proc/4970/ns/net eth0 K8S_POD_NAME=web /opt/cni/bin ${config}}\n`,
  )
})

test("nokia/danm#256: three plugins' errors in one", async (t) => {
  const error =
    "CNI network could not be set up: CNI operation for network:management failed with:Link not found\nCNI operation for network:internal failed with:no IP addresses available\nCNI operation for network:external failed with:VLAN 12 exists"
  assert.deepEqual((await explained(t, { plugin: "danm", error })).slice(1, 4), [
    "  first failure  danm: CNI network could not be set up: CNI operation for network:management failed with:Link not found (code 11, exit 1)",
    "  reported by  danm: CNI operation for network:internal failed with:no IP addresses available",
    "  reported by  danm: CNI operation for network:external failed with:VLAN 12 exists",
  ])
})

test("k8snetworkplumbingwg/sriov-cni#119: the cleanup fails because the ADD did", async (t) => {
  const stdin = { cniVersion: "1.0.0", name: "sriov-net", type: "sriov", deviceID: "0000:3b:02.1" }
  const lines = await explained(
    t,
    { plugin: "sriov", stdin, error: "failed to set up pod interface: no free VF" },
    {
      plugin: "sriov",
      stdin,
      command: "DEL",
      error: "error reading cached NetConf in /var/lib/cni/sriov with name c1-net1",
    },
  )
  assert.deepEqual(lines, [
    "ADD shop/web failed T ago in sriov, after T",
    "  first failure  sriov: failed to set up pod interface: no free VF (code 11, exit 1)",
    '  runtime error  plugin type="sriov" failed (add): failed to set up pod interface: no free VF',
    "  since then  the DEL that cleans up failed too, in sriov: error reading cached NetConf in /var/lib/cni/sriov with name c1-net1",
    "  next step  cnitap show #1",
  ])
})

test("k8snetworkplumbingwg/sriov-network-device-plugin#258: stdin without a deviceID", async (t) => {
  const lines = await explained(t, {
    plugin: "sriov",
    error: "SRIOV-CNI failed to load netconf: VF pci addr is required",
  })
  assert.equal(
    lines.at(-1),
    "  next step  stdin has no deviceID: Multus takes it from the resource that the pod requests, if the network's annotation k8s.v1.cni.cncf.io/resourceName names it",
  )
})

test("k8snetworkplumbingwg/sriov-network-device-plugin#258: a call that worked shows what stdin lacks", async (t) => {
  const stdin = { cniVersion: "1.0.0", name: "sriov-net", type: "sriov", vlan: 5 }
  const lines = await explained(
    t,
    { pod: "other", plugin: "sriov", network: "sriov-net", stdin: { ...stdin, deviceID: "0000:3b:02.1" } },
    {
      plugin: "sriov",
      network: "sriov-net",
      stdin,
      error: "SRIOV-CNI failed to load netconf: VF pci addr is required",
    },
  )
  assert.deepEqual(lines.slice(-2), [
    "  compared  with #1, which worked T ago: stdin /deviceID is 0000:3b:02.1 there, and missing here",
    "  next step  stdin has no deviceID: Multus takes it from the resource that the pod requests, if the network's annotation k8s.v1.cni.cncf.io/resourceName names it; cnitap diff #2 #1",
  ])
})

test("antrea-io/antrea#2002: every plugin exits with 0, and the result has no interface of this sandbox", async (t) => {
  const stdout = { cniVersion: "1.0.0", interfaces: [{ name: "antrea-gw0" }], ips: [], dns: {} }
  assert.deepEqual((await explained(t, { plugin: "antrea", stdout })).slice(0, 2), [
    "ADD shop/web failed T ago: every plugin exited with 0, but the runtime does not accept the answer of antrea: no address for eth0",
    "  first failure  antrea: exit 0, but the runtime does not accept the answer of antrea: no address for eth0",
  ])
})

test("weaveworks/weave#3787: bandwidth gets a result without interfaces", async (t) => {
  const lines = await explained(
    t,
    { plugin: "weave-net", stdout: { cniVersion: "0.3.0", ips: [{ address: "10.32.0.4/12" }] } },
    { plugin: "bandwidth", error: "no interfaces provided" },
  )
  assert.equal(
    lines.at(-1),
    "  next step  look at the plugin before bandwidth: its result has no interface (cnitap show #1)",
  )
})

test("kubernetes/kubernetes#70014: a rate without a burst", async (t) => {
  const lines = await explained(t, {
    plugin: "bandwidth",
    error: "if rate is set, burst must also be set",
    stdin: {
      cniVersion: "1.0.0",
      name: "pods",
      type: "bandwidth",
      capabilities: { bandwidth: true },
      runtimeConfig: { bandwidth: { ingressRate: 1000, ingressBurst: 0 } },
    },
  })
  assert.equal(
    lines.at(-1),
    "  next step  set rate (bits per second) and burst (bits, less than 4 GB) together: stdin has ingressRate 1000, ingressBurst 0",
  )
})

test("containernetworking/plugins#1115: the lines of an nft error in the kubelet's log", async () => {
  const text = `E0503 17:40:32.221314    5493 kuberuntime_sandbox.go:72] "Failed" err=<
	rpc error: plugin type="portmap" failed (add): failed to set up nftables: /dev/stdin:3:1-8: Error: No such file or directory
	add rule ip cni_hostport hostports
	                         ^^^^^^^^^
 > pod="shop/web"
`
  assert.equal(await decoded(text), text)
})

test("containernetworking/cni#909: an iptables command in three levels of quotes", async (t) => {
  const command =
    '/usr/sbin/iptables -t nat -A POSTROUTING -s 10.22.0.9 -j CNI-1 -m comment --comment name: \\"pods\\" --wait'
  const error = `failed to setup port mapping: running [${command}]: exit status 2: iptables v1.6.0: unknown option`
  assert.equal(
    (await explained(t, { plugin: "portmap", error })).at(-1),
    `  next step  run the command by hand: ${command.replaceAll("\\", "")}`,
  )
})

test("kubeovn/kube-ovn#33: the plugin only reports what its agent did", async (t) => {
  const error = "Post http://dummy/api/v1/add: dial unix /run/openvswitch/kube-ovn-daemon.sock: EOF"
  assert.equal(
    (await explained(t, { plugin: "kube-ovn", error })).at(-1),
    "  next step  check the log of kube-ovn-cni, at TIME: the plugin only reports it",
  )
})

const STEPS: [source: string, plugin: string, error: string, step: string][] = [
  [
    "istio/istio#48746",
    "istio-cni",
    'exec: "sh": executable file not found in $PATH',
    "install sh where the runtime's PATH finds it: istio-cni runs with that",
  ],
  [
    "istio/istio#56216",
    "istio-cni",
    'Get "http://localhost:8080/api/v1/namespaces/shop/pods/web": dial tcp [::1]:8080: connect: connection refused',
    "istio-cni found no kubeconfig, and client-go then asks localhost:8080: check its configuration",
  ],
  [
    "istio/istio#57788",
    "istio-cni",
    "Unauthorized",
    "check that the agent of istio-cni runs on this node: it renews the token, and an agent that was removed leaves its entry in the list",
  ],
  [
    "containers/podman#19583",
    "host-local",
    "requested IP address 10.89.0.5 is not available in range set 10.89.0.1-10.89.0.254",
    "cnitap who-owns 10.89.0.5",
  ],
  [
    "flannel-io/flannel#2232",
    "flannel",
    "open /run/flannel/subnet.env: no such file or directory",
    "check that flanneld runs, which writes /run/flannel/subnet.env; if flannel is not used any more, remove it from the list",
  ],
  [
    "Azure/azure-container-networking#642",
    "azure-vnet",
    "Failed to restore key-value store: invalid character '\\x00' looking for beginning of value",
    "look for NUL bytes in the state file of azure-vnet, which a crash leaves: it is not stdin (hexdump -C)",
  ],
  [
    "kubesphere/kubekey#2504",
    "calico",
    "stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running",
    "check that calico-node runs on this node: it writes /var/lib/calico/nodename, and until then pods stay in Terminating",
  ],
]
test("containers/podman#19583: an address that a container has held since before the node was started", async (t) => {
  const lines = await explained(
    t,
    { pod: "db", plugin: "bridge", wallMs: -7_200_000, bootMs: T0 - 9_000_000, stdout: resultWith("10.89.0.5/24") },
    {
      plugin: "host-local",
      wallMs: 0,
      bootMs: T0 - 3_600_000,
      error: "requested IP address 10.89.0.5 is not available in range set 10.89.0.1-10.89.0.254",
    },
  )
  assert.deepEqual(lines.slice(-2), [
    "  addresses  10.89.0.5 is held by shop/db, added T ago, before the node was started (T ago)",
    "  next step  cnitap who-owns 10.89.0.5",
  ])
})

for (const [source, plugin, error, step] of STEPS)
  test(`${source}: ${error}`, async (t) => {
    const lines = await explained(t, { plugin, error })
    assert.deepEqual(
      [lines[0], lines.at(-1)],
      [`ADD shop/web failed T ago in ${plugin}, after T`, `  next step  ${step}`],
    )
  })

test("hashicorp/consul-k8s#3795, hashicorp/nomad#20183: CNI_ARGS with JSON in a value", async (t) => {
  const args =
    'IgnoreUnknown=true;CONSUL_IPTABLES_CONFIG={"A":"b=c;d","C":["8080"]};K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web'
  assert.match(
    (await explained(t, { plugin: "consul-cni", args, error: "Link not found" }))[0] ?? "",
    /^ADD shop\/web failed /,
  )
})

test("longhorn/longhorn#11222: each try draws an address and fails at a later delegate", async (t) => {
  const tries = [0, 1, 2].flatMap((at): Partial<WrittenCall>[] => [
    { container: `try-${at}`, plugin: "bridge", wallMs: at * 14_000, stdout: resultWith(`2001:db8::${at + 1}/64`) },
    {
      container: `try-${at}`,
      plugin: "multus",
      wallMs: at * 14_000 + 50,
      stdin: { cniVersion: "1.0.0", name: "pods", type: "multus", prevResult: resultWith(`2001:db8::${at + 1}/64`) },
      error: 'failed to find plugin "ipvlan" in path [/opt/cni/bin]',
    },
  ])
  assert.deepEqual((await explained(t, ...tries)).slice(0, 4), [
    "ADD shop/web failed T ago in multus, after T",
    '  first failure  multus: failed to find plugin "ipvlan" in path [/opt/cni/bin] (code 11, exit 1)',
    '  runtime error  plugin type="multus" failed (add): failed to find plugin "ipvlan" in path [/opt/cni/bin]',
    "  attempts  this is attempt 3 of 3 in T; 3 failed, and none has succeeded since; they used 3 addresses",
  ])
})

/** What a runtime gives a plugin that is not the first of its list. */
function chained(type: string): object {
  return { cniVersion: "1.0.0", name: "pods", type, prevResult: resultWith("10.1.0.9/24") }
}

function resultWith(address: string): object {
  return {
    cniVersion: "1.0.0",
    interfaces: [{ name: "eth0", sandbox: "/run/netns/cni-1" }],
    ips: [{ interface: 0, address }],
  }
}
