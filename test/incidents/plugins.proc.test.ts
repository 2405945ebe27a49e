import assert from "node:assert/strict"
import { test } from "node:test"
import { PROGRAM } from "../cli/cnitap.ts"
import { IncidentNode } from "./incident-node.ts"
import { ADD_ONLY, bridge, DEBIAN, later, PORTMAP, PRINT_PREV_RESULT, pods } from "./lists.ts"

test("incident 3: a plugin of the list has no file", async (t) => {
  const list = pods(bridge("10.83.0.0/24"), PORTMAP, { type: "flannel-qos" })
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  const containerd = await node.runtime()
  assert.equal(
    await containerd.run("shop/a", list),
    'plugin type="flannel-qos" failed (add): failed to find plugin "flannel-qos" in path [/opt/cni/bin]',
  )
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago: no plugin failed, but the runtime did not find flannel-qos, the next one of the list",
      "  never ran  flannel-qos: no such file in /opt/cni/bin",
      "  left behind  10.83.0.2 held by bridge, host-local, portmap: ADD failed for the runtime, although every plugin succeeded, no DEL followed",
      "  next step  install flannel-qos, or remove it from /etc/cni/net.d/00-pods.conflist",
    ],
    ls: ["ADD failed"],
    lint: [],
    ledger: ["failed shop/a 10.83.0.2"],
  })
  assert.deepEqual(await node.owners("10.83.0.2"), ["failed shop/a 10.83.0.2"])
})

test("an uninstall while an ADD runs: the plugins that were called after it are not taken for missing", async (t) => {
  const list = pods({ type: "slow" }, { type: "last" })
  const result = '{"cniVersion":"1.0.0","ips":[{"address":"10.84.0.2/24"}]}'
  const slow = `${ADD_ONLY}touch /run/started; until [ -e /run/go ]; do sleep 0.02; done; echo '${result}'`
  const last = `${ADD_ONLY}touch /run/finished; echo '${result}'`
  const node = await IncidentNode.start(t, { plugins: [], scripts: { slow, last }, lists: [list] })
  const containerd = await node.runtime()
  const added = containerd.run("shop/a", list)
  while (node.read("/run/started") === undefined) await later(20)
  assert.deepEqual((await node.exec(process.execPath, PROGRAM, "uninstall")).code, 0)
  node.write("/run/go", "")
  assert.equal(await added, "")
  assert.equal(node.read("/run/finished"), "")
  const { explain, ls } = await node.answers("shop/a")
  assert.deepEqual([explain[0], ls], ["ADD shop/a succeeded T ago, in T", ["ADD ok"]])
})

test("incident 5: a plugin writes a log line to stdout", async (t) => {
  const list = pods(bridge("10.85.0.0/24"), { type: "mycni" }, PORTMAP)
  const mycni = `${ADD_ONLY}echo "I1128 policy agent ready"; ${PRINT_PREV_RESULT}`
  const node = await IncidentNode.start(t, { plugins: DEBIAN, scripts: { mycni }, lists: [list] })
  const containerd = await node.runtime()
  await containerd.run("shop/a", list)
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago: every plugin exited with 0, but the runtime cannot parse the output of mycni",
      "  first failure  mycni: exit 0, but stdout has a log line before the result: I1128 policy agent ready",
      "  never ran  portmap",
      `  runtime error  plugin type="mycni" failed (add): failed to unmarshal raw result: invalid character 'I' looking for beginning of value`,
      "  left behind  nothing: DEL #1 of the container succeeded",
      "  next step  correct mycni: Log to stderr or to a file, never to stdout.",
    ],
    ls: ["ADD failed", "DEL ok"],
    lint: ["error stdout-text-before-json mycni"],
    ledger: [],
  })
})

test("incident 6: the list has a version that the plugins do not know", async (t) => {
  const list = { ...pods(bridge("10.86.0.0/24"), PORTMAP), cniVersion: "1.1.0" }
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  const containerd = await node.runtime()
  const refused = await containerd.run("shop/a", list)
  const text = refused.replace('plugin type="bridge" failed (add): ', "")
  assert.match(text, /^incompatible CNI versions; config is "1\.1\.0"/)
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago in bridge, after T",
      `  first failure  bridge: ${text} (code 1, exit 1)`,
      "  never ran  portmap",
      `  runtime error  ${refused}`,
      "  findings  bridge: plugin does not support the configuration's version (1.1.0; bridge supports 0.1.0 to 1.0.0)",
      `  since then  the DEL that cleans up failed too, in portmap: ${text}`,
      "  next step  lower cniVersion of the list to one that the plugin supports, or update the plugin",
    ],
    ls: ["ADD failed", "DEL failed"],
    lint: ["error version-unsupported bridge", "error version-unsupported portmap"],
    ledger: [],
  })
})

test("incident 7: portmap does not find iptables", async (t) => {
  const list = pods(bridge("10.87.0.0/24"), PORTMAP)
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  // iptables is in /usr/sbin.
  const containerd = await node.runtime("containerd", "/usr/bin")
  const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }]
  await containerd.run("shop/a", list, { capabilities: { portMappings } })
  const error = 'failed to open iptables: exec: "iptables": executable file not found in $PATH'
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago in portmap, after T",
      `  first failure  portmap: ${error} (code 999, exit 1)`,
      `  runtime error  plugin type="portmap" failed (add): ${error}`,
      "  since then  the DEL that cleans up failed too, in portmap: neither iptables nor ip6tables usable",
      "  left behind  10.87.0.2 held by bridge, host-local, portmap: DEL failed in portmap; never reached bridge, host-local",
      "  next step  install iptables where the runtime's PATH finds it: portmap runs with that",
    ],
    ls: ["ADD failed", "DEL failed"],
    lint: [],
    ledger: ["stuck shop/a 10.87.0.2"],
  })
})

test("incident 8: the bridge has an address of another subnet", async (t) => {
  const list = pods(bridge("10.88.0.0/24"), PORTMAP)
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  await node.exec("ip", "link", "add", "cni0", "type", "bridge")
  await node.exec("ip", "addr", "add", "10.99.0.1/24", "dev", "cni0")
  const containerd = await node.runtime()
  const error = 'failed to set bridge addr: "cni0" already has an IP address different from 10.88.0.1/24'
  assert.equal(await containerd.run("shop/a", list), `plugin type="bridge" failed (add): ${error}`)
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago in bridge, after T",
      `  first failure  bridge: ${error} (code 999, exit 1)`,
      "  never ran  portmap",
      `  runtime error  plugin type="bridge" failed (add): ${error}`,
      "  left behind  nothing: DEL #1 of the container succeeded",
      "  next step  ip addr show cni0; if nothing uses its address: ip addr del ADDRESS dev cni0",
    ],
    ls: ["ADD failed", "DEL ok"],
    lint: [],
    ledger: [],
  })
})

test("incident 12: a plugin is killed for using too much memory", async (t) => {
  const list = pods(bridge("10.94.0.0/24"), { type: "hungry" }, PORTMAP)
  const hungry = `${ADD_ONLY}echo "loading policy cache" >&2
exec python3 -c "import os; x = b'x' * (70 << 20); os.kill(os.getpid(), 9)"`
  const node = await IncidentNode.start(t, { plugins: DEBIAN, scripts: { hungry }, lists: [list] })
  const containerd = await node.runtime()
  await containerd.run("shop/a", list)
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago in hungry, after T",
      "  first failure  hungry: killed by SIGKILL after T, using N MiB, perhaps out of memory; it last wrote: loading policy cache",
      "  never ran  portmap",
      '  runtime error  plugin type="hungry" failed (add): netplugin failed: "loading policy cache\\n"',
      "  left behind  nothing: DEL #1 of the container succeeded",
      "  next step  dmesg -T | grep -i oom (at TIME)",
    ],
    ls: ["ADD failed", "DEL ok"],
    lint: ["error killed-by-signal hungry"],
    ledger: [],
  })
})

test("incident 14: the answer of a plugin refers to an interface that is not listed", async (t) => {
  const list = pods(bridge("10.96.0.0/24"), { type: "idxcni" })
  const idxcni = `${ADD_ONLY}${PRINT_PREV_RESULT} | sed 's/"interface":2/"interface":7/; s/"gateway":"10.96.0.1"/"gateway":"10.99.0.1"/'`
  const node = await IncidentNode.start(t, { plugins: DEBIAN, scripts: { idxcni }, lists: [list] })
  const containerd = await node.runtime()
  assert.match(await containerd.run("shop/a", list), /^invalid interface config: /)
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago: every plugin exited with 0, but the runtime does not accept the answer of idxcni: an address is on an interface that is not listed",
      "  first failure  idxcni: exit 0, but address refers to an interface that is not listed (10.96.0.2/24 has interface 7, the result lists 3)",
      "  findings  idxcni: gateway outside the subnet of its address (10.99.0.1 for 10.96.0.2/24)",
      "  left behind  nothing: DEL #1 of the container succeeded",
      "  next step  correct idxcni: Set `interface` to an index into `interfaces`, counted from 0.",
    ],
    ls: ["ADD failed", "DEL ok"],
    lint: ["error ip-interface-index idxcni", "warning gateway-outside-subnet idxcni"],
    ledger: [],
  })
})

test("incident 15: the third plugin of four fails after the address was assigned, and no DEL follows", async (t) => {
  const list = pods(bridge("10.97.0.0/24"), PORTMAP, { type: "policy" }, { type: "bandwidth" })
  const policy = `${ADD_ONLY}echo 'E1128 dial tcp 10.96.0.1:443: i/o timeout' >&2
echo '{"code": 11, "msg": "policy: try again later", "details": "dial tcp 10.96.0.1:443: i/o timeout"}'; exit 1`
  const node = await IncidentNode.start(t, { plugins: [...DEBIAN, "bandwidth"], scripts: { policy }, lists: [list] })
  const containerd = await node.runtime()
  const error = "policy: try again later; dial tcp 10.96.0.1:443: i/o timeout"
  assert.equal(
    await containerd.run("shop/a", list, { isLeftAlone: true }),
    `plugin type="policy" failed (add): ${error}`,
  )
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago in policy, after T",
      `  first failure  policy: ${error} (code 11, exit 1)`,
      "  never ran  bandwidth",
      `  runtime error  plugin type="policy" failed (add): ${error}`,
      "  discarded  stderr of policy: E1128 dial tcp 10.96.0.1:443: i/o timeout",
      "  left behind  10.97.0.2 held by bridge, host-local, portmap, policy: ADD failed in policy, no DEL followed",
      "  next step  curl -k https://10.96.0.1:443/livez (this node does not reach the API server; a Service address needs kube-proxy or its replacement)",
    ],
    ls: ["ADD failed"],
    lint: ["note stderr-discarded policy"],
    ledger: ["failed shop/a 10.97.0.2"],
  })
})

test("incident 17: the interpreter of a plugin is missing", async (t) => {
  const list = pods(bridge("10.98.0.0/24"), { type: "badint" })
  const scripts = { badint: `#!/usr/bin/nopython\n` }
  const node = await IncidentNode.start(t, { plugins: DEBIAN, scripts, lists: [list] })
  const containerd = await node.runtime()
  const error = await containerd.run("shop/a", list)
  assert.match(error, /fork\/exec \/opt\/cni\/bin\/badint: no such file or directory$/)
  const { explain, ls, lint } = await node.answers("shop/a")
  // What a plugin that could not be started was given is recorded too.
  assert.deepEqual(lint, ["error not-started badint"])
  assert.deepEqual(
    [explain.slice(0, 3), explain.at(-1), ls],
    [
      [
        "ADD shop/a failed T ago in badint, after T",
        "  first failure  badint: /opt/cni/bin/badint could not be started: no such file or directory; it requires /usr/bin/nopython, which does not exist",
        `  runtime error  ${error}`,
      ],
      "  next step  cnitap doctor",
      ["ADD failed", "DEL failed"],
    ],
  )
})

test("a sandbox with the network of the node: a call for it says so, and a pod without calls too", async (t) => {
  const list = pods(bridge("10.98.0.0/24"))
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  const containerd = await node.runtime()
  await containerd.run("shop/a", list, { netns: "/proc/1/ns/net", isLeftAlone: true })
  assert.deepEqual((await node.cnitap("explain", "shop/a")).slice(0, 3), [
    "ADD shop/a ended T ago: every plugin exited with 0, but worked on the network of the node itself",
    "  host network  /proc/1/ns/net is the network namespace of the node itself: for a hostNetwork pod no plugin should be called",
    "  result  bridge exited with 0; assigned 10.98.0.2; slowest was bridge (T)",
  ])
  const bundle = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/0f3c"
  await node.exec("mkdir", "-p", bundle)
  node.write(`${bundle}/config.json`, JSON.stringify(HOST_NETWORK_SANDBOX))
  assert.deepEqual(await node.cnitap("explain", "kube-system/kube-proxy-x2x"), [
    "cnitap: kube-system/kube-proxy-x2x has the network of the node (hostNetwork): no plugin is called for it. Look at the interfaces, routes and rules of the node itself.",
  ])
})

/** The part of it that matters, as containerd 1.7 writes it. */
const HOST_NETWORK_SANDBOX = {
  annotations: {
    "io.kubernetes.cri.container-type": "sandbox",
    "io.kubernetes.cri.sandbox-name": "kube-proxy-x2x",
    "io.kubernetes.cri.sandbox-namespace": "kube-system",
  },
  linux: { namespaces: [{ type: "pid" }, { type: "ipc" }, { type: "mount" }] },
}
