import assert from "node:assert/strict"
import { readFileSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { AGENTS, type AgentName } from "../../../src/install/detect/known-agents.ts"
import type { Mount, NodeFacts } from "../../../src/install/detect/node-facts.ts"
import { DEFAULT_BEHAVIOUR, type PathSetting } from "../../../src/install/detect/runtimes/runtime.ts"
import type { InstallOptions } from "../../../src/install/plan/install-options.ts"
import type { Plan } from "../../../src/install/plan/plan.ts"
import { NodeTree } from "../node-tree.ts"
import { BRIDGE, plainNode, planOn, short, stepsOf } from "./planned.ts"

const LIST = "/etc/cni/net.d/10-pods.conflist"

test("swap: every plugin that the list reaches, the trial before the first change, the settings last", (t) => {
  const node = plainNode(t)
  const plan = planOn(node, { mode: "swap" })
  assert.deepEqual(
    plan.targets.map(({ name, via, why }) => [name, via, why]),
    [
      ["bridge", "the list", undefined],
      ["host-local", "IPAM of bridge", undefined],
      ["portmap", "the list", undefined],
    ],
  )
  assert.deepEqual(stepsOf(plan, node), [
    "make directory BIN/.cnitap/real (0755)",
    "make directory BIN/.cnitap/links (0755)",
    "make directory BIN/.cnitap/new (0755)",
    "make directory BIN/.cnitap/new/.cnitap (0755)",
    "make symlink BIN/.cnitap/new/.cnitap/real to ../../real",
    "make directory /var/lib/cnitap (0700)",
    "make directory /var/lib/cnitap/capture (0700)",
    ...["bridge", "host-local", "portmap"].map((name) => `link BIN/${name} as BIN/.cnitap/real/${name}`),
    ...["bridge", "host-local", "portmap"].flatMap((name) => [
      `write BIN/.cnitap/new/${name} (the relay, attributes of BIN/.cnitap/real/${name})`,
      `compare VERSION through BIN/.cnitap/new/${name} with BIN/.cnitap/real/${name}`,
    ]),
    ...["bridge", "host-local", "portmap"].map((name) => `rename BIN/.cnitap/new/${name} to BIN/${name}`),
    "write BIN/.cnitap/new/relay.json (0644)",
    "rename BIN/.cnitap/new/relay.json to BIN/.cnitap/relay.json",
  ])
  assert.deepEqual(planOn(node, { mode: "swap" }), plan)
  assert.deepEqual(node.names("/opt/cni/bin"), [
    "bridge",
    "bridge.json",
    "host-local",
    "host-local.json",
    "portmap",
    "portmap.json",
  ])
})

test("swap: plugins of networks that the runtime does not work with are left alone, unless they are named", (t) => {
  const node = plainNode(t)
  for (const name of ["macvlan", "dhcp"]) node.plugin(name)
  node.list("20-more.conflist", [{ type: "macvlan", ipam: { type: "dhcp" } }], { name: "more" })
  const names = (plan: Plan) => plan.targets.map(({ name }) => name)
  assert.deepEqual(names(planOn(node, { mode: "swap" })), ["bridge", "host-local", "portmap"])
  assert.deepEqual(names(planOn(node, { mode: "swap", plugins: ["dhcp"] })), ["dhcp"])
})

test("chain: the probes and the settings before the list that names them; what it cannot see is told", (t) => {
  const node = plainNode(t)
  const plan = planOn(node, { mode: "chain" })
  assert.deepEqual(stepsOf(plan, node).slice(7), [
    "write BIN/.cnitap/new/cni_pre (the relay, attributes of BIN/bridge)",
    "ask BIN/.cnitap/new/cni_pre for its VERSION",
    "write BIN/.cnitap/new/cni_post (the relay, attributes of BIN/bridge)",
    "ask BIN/.cnitap/new/cni_post for its VERSION",
    "rename BIN/.cnitap/new/cni_pre to BIN/cni_pre",
    "rename BIN/.cnitap/new/cni_post to BIN/cni_post",
    "write BIN/.cnitap/new/relay.json (0644)",
    "rename BIN/.cnitap/new/relay.json to BIN/.cnitap/relay.json",
    "link CONF/10-pods.conflist as CONF/.10-pods.conflist.cnitap-saved",
    "write CONF/.10-pods.conflist.cnitap-new (attributes of CONF/10-pods.conflist)",
    "rename CONF/.10-pods.conflist.cnitap-new to CONF/10-pods.conflist",
  ])
  assert.deepEqual(
    plan.blind.map(({ what }) => what),
    [
      "a plugin that fails, its error, stderr and exit status",
      "IPAM and delegates",
      "what each plugin between the two was given",
    ],
  )
})

test("path: relays over symlinks to the plugins, which stay where they are; the runtime's setting is told", (t) => {
  const node = plainNode(t)
  const pathSetting: PathSetting = {
    file: "/etc/crio/crio.conf",
    key: "plugin_dirs",
    kind: "list",
    value: ["/opt/cni/bin"],
    restart: "systemctl restart crio",
  }
  const plan = planOn(node, { mode: "path" }, runtimeOf(pathSetting))
  assert.deepEqual(plan.setting, pathSetting)
  assert.deepEqual(
    plan.works.map(({ binDir }) => binDir),
    [node.at("/opt/cnitap/bin")],
  )
  assert.ok(stepsOf(plan, node).includes("make symlink /opt/cnitap/bin/.cnitap/real/bridge to BIN/bridge"))
  assert.ok(!stepsOf(plan, node).some((step) => /^(rename|remove) .*BIN/.test(step)))
})

test("path: a runtime that knows one directory only finds every plugin in ours", (t) => {
  const node = plainNode(t)
  node.plugin("bandwidth")
  const pathSetting: PathSetting = {
    file: "/etc/containerd/config.toml",
    key: "bin_dir",
    kind: "single",
    value: ["/opt/cni/bin"],
    restart: "systemctl restart containerd",
  }
  const plan = planOn(node, { mode: "path" }, runtimeOf(pathSetting))
  assert.deepEqual(
    plan.targets.map(({ name }) => name),
    ["bridge", "host-local", "portmap", "bandwidth"],
  )
})

test("what cannot be recorded is told: missing, not executable, setuid, Antrea's IPAM, daemon-side IPAM", (t) => {
  const node = new NodeTree()
  t.after(() => node.remove())
  node.plugin("antrea")
  node.plugin("portmap", undefined, { mode: 0o644 })
  node.plugin("vlan", undefined, { mode: 0o4755 })
  node.list("10-antrea.conflist", [{ type: "antrea" }, { type: "portmap" }, { type: "vlan" }, { type: "aws-cni" }])
  const plan = planOn(node, { mode: "swap" })
  assert.deepEqual(plan.refusals, [])
  assert.deepEqual(
    plan.targets.map(({ name, why }) => [name, why?.replace(node.root, "")]),
    [
      ["antrea", undefined],
      ["portmap", "it is not executable"],
      ["vlan", "it is setuid or setgid, and a relay with such rights could be led to somebody else's program"],
      ["aws-cni", "it is in none of /opt/cni/bin"],
    ],
  )
  assert.deepEqual(
    plan.blind.map(({ what }) => what),
    ["host-local under antrea", "IPAM of aws-cni"],
  )
})

test("agents: who overwrites is a warning, who fights a plugin keeps it, who fights a list refuses chain mode", (t) => {
  const node = plainNode(t)
  node.plugin("istio-cni")
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "istio-cni" }])
  const around = {
    agents: [agent("calico"), agent("istio-cni"), { ...agent("cilium"), onListEdit: "fought" as const }],
  }
  const plan = planOn(node, { mode: "swap" }, around)
  assert.deepEqual(plan.refusals, [])
  assert.deepEqual(
    plan.targets.find(({ name }) => name === "istio-cni")?.why,
    "istio-cni would put its own back at once, again and again",
  )
  assert.match(
    plan.warnings.join(),
    /^calico will overwrite the relay of host-local, portmap, where recording ends: install-cni writes/,
  )
  const chain = planOn(node, { mode: "chain" }, around)
  assert.match(chain.refusals.map(({ why }) => why).join(), /^cilium would take our entries out again: /)
  assert.deepEqual(chain.works, [])
  const forced = planOn(node, { mode: "chain", force: true }, around)
  assert.deepEqual([forced.refusals, forced.works.length], [[], 1])
  assert.match(forced.warnings.join(), /cilium would take our entries out again/)
})

type Case = {
  refused: string
  prepare?(node: NodeTree): void
  wish: Partial<InstallOptions>
  around?(node: NodeTree): Partial<NodeFacts>
  why: string
  hint: string
}

const REFUSALS: Case[] = [
  {
    refused: "no network configuration",
    prepare: (node) => node.delete(LIST),
    wish: { mode: "swap" },
    why: "CONF holds no network configuration, so that nobody knows which plugins count",
    hint: "Name the directory with --conf-dir, or the plugins with --plugins.",
  },
  {
    refused: "a broken list",
    prepare: (node) => node.file(LIST, '{"plugins":['),
    wish: { mode: "swap" },
    why: "CONF/10-pods.conflist cannot be read: SyntaxError: Unexpected end of JSON input",
    hint: "Repair it, or name the plugins with --plugins.",
  },
  {
    refused: "a broken list, chain mode",
    prepare: (node) => node.file(LIST, '{"plugins":['),
    wish: { mode: "chain" },
    why: "CONF/10-pods.conflist cannot be read: SyntaxError: Unexpected end of JSON input",
    hint: "Repair it.",
  },
  {
    refused: "no network configuration, chain mode",
    prepare: (node) => node.delete(LIST),
    wish: { mode: "chain" },
    why: "CONF holds no network configuration",
    hint: "Name the directory with --conf-dir.",
  },
  {
    refused: "a plugin directory that is read-only",
    wish: { mode: "swap" },
    around: (node) => ({ mounts: [mount(node.bin, { isReadOnly: true })] }),
    why: "BIN is on a read-only file system",
    hint: "Use --mode path, which leaves the plugin directory as it is.",
  },
  {
    refused: "plugin directories that are all read-only, chain mode",
    wish: { mode: "chain" },
    around: (node) => ({ mounts: [mount(node.bin, { isReadOnly: true })] }),
    why: "every plugin directory is read-only",
    hint: "Use --mode path.",
  },
  {
    refused: "path mode's directory on a file system mounted noexec",
    wish: { mode: "path" },
    around: (node) => ({ mounts: [mount(node.at("/opt/cnitap/bin"), { isNoexec: true })] }),
    why: "/opt/cnitap/bin is on a file system that is mounted noexec",
    hint: "Name another directory with --shim-dir.",
  },
  {
    refused: "a configuration directory that is read-only",
    wish: { mode: "chain" },
    around: (node) => ({ mounts: [mount(node.at(node.confDir), { isReadOnly: true })] }),
    why: "CONF is on a read-only file system",
    hint: "Use --mode swap or --mode path.",
  },
  {
    refused: "a plugin that is not there",
    wish: { mode: "swap", plugins: ["calico"] },
    why: "calico cannot be recorded: it is in none of BIN",
    hint: "Leave it out of --plugins, or repair it.",
  },
  {
    refused: "a plugin that an agent fights for, named by hand",
    prepare: (node) => node.plugin("istio-cni"),
    wish: { mode: "swap", plugins: ["istio-cni"] },
    around: () => ({ agents: [agent("istio-cni")] }),
    why: "BIN/istio-cni cannot be recorded: istio-cni would put its own back at once, again and again",
    hint: "Leave it out of --plugins, or repair it.",
  },
  {
    refused: "no plugin there at all",
    prepare: (node) => node.list("10-pods.conflist", [{ type: "calico" }]),
    wish: { mode: "swap" },
    why: "no plugin can be recorded: calico: it is in none of BIN",
    hint: "Name the plugin directory with --bin-dir.",
  },
  {
    refused: "a capture inside a directory that runtimes watch",
    wish: { mode: "swap" },
    around: (node) => ({ confDir: { value: node.at("/var/lib"), from: "the test" } }),
    why: "/var/lib/cnitap/capture lies in /var/lib, which runtimes watch",
    hint: "Name a place elsewhere: CRI-O runs every plugin again on each write there.",
  },
  {
    refused: "a file where the capture should be",
    prepare: (node) => node.file("/var/lib/cnitap", ""),
    wish: { mode: "swap" },
    why: "/var/lib/cnitap is in the way and is no directory",
    hint: "Name another place with --capture or --log-file.",
  },
  {
    refused: "a list that is empty",
    prepare: (node) => node.list("10-pods.conflist", []),
    wish: { mode: "chain" },
    why: "CONF/10-pods.conflist cannot be edited: its list of plugins is empty",
    hint: "Use --mode swap, which needs no list.",
  },
  {
    refused: "somebody else's cni_pre",
    prepare: (node) => node.plugin("cni_pre"),
    wish: { mode: "chain" },
    why: "BIN/cni_pre is there already and is not ours",
    hint: "Take it out of the list and out of BIN.",
  },
  {
    refused: "a first plugin that would lose its way",
    prepare: (node) => node.list("10-pods.conflist", [{ type: "loopback" }]),
    wish: { mode: "chain" },
    why: "loopback answers the empty prevResult instead of its own result",
    hint: "Use --mode swap, which changes nothing of what plugins are given.",
  },
]
for (const { refused, prepare, wish, around, why, hint } of REFUSALS) {
  test(`refused: ${refused}`, (t) => {
    const node = plainNode(t)
    prepare?.(node)
    const plan = planOn(node, wish, around?.(node))
    const [refusal] = plan.refusals
    assert.deepEqual(
      [refusal?.why, refusal?.hint].map((text) => short(text ?? "", node)),
      [why, hint],
    )
    assert.deepEqual(plan.works, [])
  })
}

test("a symlinked multi-call plugin, and a list that is a symlink, are planned as what they are", (t) => {
  const node = plainNode(t)
  node.plugin("multi")
  node.link("ptp", "multi")
  node.list("real.txt", [{ type: "ptp" }])
  node.delete(LIST)
  symlinkSync("real.txt", node.at(LIST))
  const steps = stepsOf(planOn(node, { mode: "swap" }), node)
  assert.ok(steps.includes("link BIN/ptp as BIN/.cnitap/links/ptp"))
  assert.ok(steps.includes("make symlink BIN/.cnitap/real/ptp to BIN/multi"))
  assert.ok(readFileSync(node.at(LIST), "utf8").includes("ptp"))
})

function agent(name: AgentName) {
  const known = AGENTS.find((other) => other.name === name)
  if (!known) throw new Error(name)
  return { ...known, evidence: ["the test"] }
}

function mount(directory: string, more: Partial<Mount>): Mount {
  const plain = { isReadOnly: false, isNoexec: false, isOverlay: false, isTmpfs: false }
  return { directory, mountPoint: "/", fsType: "ext4", options: [], ...plain, ...more }
}

function runtimeOf(pathSetting: PathSetting): Partial<NodeFacts> {
  const none = { value: "", from: "the test" }
  return {
    runtime: {
      name: "cri-o",
      evidence: [],
      isRunning: true,
      confDir: none,
      binDirs: { ...none, value: [] },
      behaviour: DEFAULT_BEHAVIOUR,
      pathSetting,
    },
  }
}
