import assert from "node:assert/strict"
import { readFileSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { AGENTS, type AgentName } from "../../../src/install/detect/agents/known-agents.ts"
import type { Mount, NodeFacts } from "../../../src/install/detect/node-facts.ts"
import { DEFAULT_BEHAVIOUR, type PathSetting } from "../../../src/install/detect/runtimes/runtime.ts"
import type { InstallOptions } from "../../../src/install/plan/install-options.ts"
import type { Plan } from "../../../src/install/plan/plan.ts"
import { NodeTree } from "../node-tree.ts"
import { BRIDGE, plainNode, planOn, short, stepsOf } from "./planned.ts"

const LIST = "/etc/cni/net.d/10-pods.conflist"

test("swap: every plugin that the list reaches; the preflight comes before the renames, the settings last", (t) => {
  const node = plainNode(t)
  const plan = planOn(node, { mode: "swap" })
  assert.deepEqual(
    plan.targets.map(({ name, via, reason }) => [name, via, reason]),
    [
      ["bridge", "the list", undefined],
      ["host-local", "IPAM of bridge", undefined],
      ["portmap", "the list", undefined],
    ],
  )
  assert.deepEqual(stepsOf(plan, node), [
    "create directory BIN/.cnitap/real (0755)",
    "create directory BIN/.cnitap/links (0755)",
    "create directory BIN/.cnitap/new (0755)",
    "create directory BIN/.cnitap/new/.cnitap (0755)",
    "create symlink BIN/.cnitap/new/.cnitap/real to ../../real",
    "create directory /var/lib/cnitap (0700)",
    "create directory /var/lib/cnitap/capture (0700)",
    ...["bridge", "host-local", "portmap"].map((name) => `link BIN/${name} as BIN/.cnitap/real/${name}`),
    ...["bridge", "host-local", "portmap"].flatMap((name) => [
      `write BIN/.cnitap/new/${name} (the relay, with the attributes of BIN/.cnitap/real/${name})`,
      `check that VERSION of BIN/.cnitap/new/${name} equals that of BIN/${name}`,
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

test("swap: plugins of inactive networks are not replaced unless they are listed in --plugins", (t) => {
  const node = plainNode(t)
  for (const name of ["macvlan", "dhcp"]) node.plugin(name)
  node.list("20-more.conflist", [{ type: "macvlan", ipam: { type: "dhcp" } }], { name: "more" })
  const names = (plan: Plan) => plan.targets.map(({ name }) => name)
  assert.deepEqual(names(planOn(node, { mode: "swap" })), ["bridge", "host-local", "portmap"])
  assert.deepEqual(names(planOn(node, { mode: "swap", plugins: ["dhcp"] })), ["dhcp"])
})

test("chain: probes and settings come before the list that names them; what is not recorded is reported", (t) => {
  const node = plainNode(t)
  const plan = planOn(node, { mode: "chain" })
  assert.deepEqual(stepsOf(plan, node).slice(7), [
    "write BIN/.cnitap/new/cni_pre (the relay, with the attributes of BIN/bridge)",
    "check that BIN/.cnitap/new/cni_pre replies to VERSION",
    "write BIN/.cnitap/new/cni_post (the relay, with the attributes of BIN/bridge)",
    "check that BIN/.cnitap/new/cni_post replies to VERSION",
    "rename BIN/.cnitap/new/cni_pre to BIN/cni_pre",
    "rename BIN/.cnitap/new/cni_post to BIN/cni_post",
    "write BIN/.cnitap/new/relay.json (0644)",
    "rename BIN/.cnitap/new/relay.json to BIN/.cnitap/relay.json",
    "link CONF/10-pods.conflist as CONF/.10-pods.conflist.cnitap-saved",
    "write CONF/.10-pods.conflist.cnitap-new (with the attributes of CONF/10-pods.conflist)",
    "rename CONF/.10-pods.conflist.cnitap-new to CONF/10-pods.conflist",
  ])
  assert.deepEqual(
    plan.notRecorded.map(({ what }) => what),
    [
      "a failing plugin's error, stderr and exit status",
      "IPAM and delegates",
      "the input of each plugin between the two probes",
    ],
  )
})

test("path: relays with symlinks to the unchanged plugins; the runtime's setting is reported", (t) => {
  const node = plainNode(t)
  const pathSetting: PathSetting = {
    file: "/etc/crio/crio.conf",
    key: "plugin_dirs",
    kind: "list",
    value: ["/opt/cni/bin"],
    restart: "systemctl restart crio",
  }
  const plan = planOn(node, { mode: "path" }, runtimeOf(pathSetting))
  assert.deepEqual(plan.pathSetting, pathSetting)
  assert.deepEqual(
    plan.changes.map(({ binDir }) => binDir),
    [node.at("/opt/cnitap/bin")],
  )
  assert.ok(stepsOf(plan, node).includes("create symlink /opt/cnitap/bin/.cnitap/real/bridge to BIN/bridge"))
  assert.ok(!stepsOf(plan, node).some((step) => /^(rename|remove) .*BIN/.test(step)))
})

test("path: for a runtime with a single plugin directory, ours has every plugin", (t) => {
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

test("what cannot be recorded is reported: missing, not executable, setuid, Antrea's IPAM, daemon-side IPAM", (t) => {
  const node = new NodeTree()
  t.after(() => node.remove())
  node.plugin("antrea")
  node.plugin("portmap", undefined, { mode: 0o644 })
  node.plugin("vlan", undefined, { mode: 0o4755 })
  node.list("10-antrea.conflist", [{ type: "antrea" }, { type: "portmap" }, { type: "vlan" }, { type: "aws-cni" }])
  const plan = planOn(node, { mode: "swap" })
  assert.deepEqual(plan.refusals, [])
  assert.deepEqual(
    plan.targets.map(({ name, reason }) => [name, reason?.replace(node.root, "")]),
    [
      ["antrea", undefined],
      ["portmap", "it is not executable"],
      ["vlan", "it is setuid or setgid; a relay with these rights could be made to run another program"],
      ["aws-cni", "it is not in /opt/cni/bin"],
    ],
  )
  assert.deepEqual(
    plan.notRecorded.map(({ what }) => what),
    ["host-local under antrea", "IPAM of aws-cni"],
  )
})

test("agents: overwriting at start is a warning; overwriting at once excludes the plugin, or refuses chain mode", (t) => {
  const node = plainNode(t)
  node.plugin("istio-cni")
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "istio-cni" }])
  const around = {
    agents: [agent("calico"), agent("istio-cni"), { ...agent("cilium"), onListEdit: "overwrites" as const }],
  }
  const plan = planOn(node, { mode: "swap" }, around)
  assert.deepEqual(plan.refusals, [])
  assert.deepEqual(
    plan.targets.find(({ name }) => name === "istio-cni")?.reason,
    "istio-cni overwrites it again as soon as it changes",
  )
  assert.match(
    plan.warnings.join(),
    /^calico will overwrite the relay of host-local, portmap, which ends their recording: install-cni rewrites/,
  )
  const chain = planOn(node, { mode: "chain" }, around)
  assert.match(chain.refusals.map(({ reason }) => reason).join(), /^cilium would remove the probes again: /)
  assert.deepEqual(chain.changes, [])
  const forced = planOn(node, { mode: "chain", force: true }, around)
  assert.deepEqual([forced.refusals, forced.changes.length], [[], 1])
  assert.match(forced.warnings.join(), /cilium would remove the probes again/)
})

type Case = {
  refused: string
  prepare?(node: NodeTree): void
  options: Partial<InstallOptions>
  around?(node: NodeTree): Partial<NodeFacts>
  reason: string
  hint: string
}

const REFUSALS: Case[] = [
  {
    refused: "no network configuration",
    prepare: (node) => node.delete(LIST),
    options: { mode: "swap" },
    reason: "CONF has no network configuration, so the plugins to record are not known",
    hint: "Set the directory with --conf-dir, or the plugins with --plugins.",
  },
  {
    refused: "a broken list",
    prepare: (node) => node.file(LIST, '{"plugins":['),
    options: { mode: "swap" },
    reason: "CONF/10-pods.conflist cannot be read: SyntaxError: Unexpected end of JSON input",
    hint: "Fix it, or list the plugins with --plugins.",
  },
  {
    refused: "a broken list, chain mode",
    prepare: (node) => node.file(LIST, '{"plugins":['),
    options: { mode: "chain" },
    reason: "CONF/10-pods.conflist cannot be read: SyntaxError: Unexpected end of JSON input",
    hint: "Fix it.",
  },
  {
    refused: "no network configuration, chain mode",
    prepare: (node) => node.delete(LIST),
    options: { mode: "chain" },
    reason: "CONF has no network configuration",
    hint: "Set the directory with --conf-dir.",
  },
  {
    refused: "a read-only plugin directory",
    options: { mode: "swap" },
    around: (node) => ({ mounts: [mount(node.bin, { isReadOnly: true })] }),
    reason: "BIN is on a read-only file system",
    hint: "Use --mode path, which does not change the plugin directory.",
  },
  {
    refused: "only read-only plugin directories, chain mode",
    options: { mode: "chain" },
    around: (node) => ({ mounts: [mount(node.bin, { isReadOnly: true })] }),
    reason: "every plugin directory is read-only",
    hint: "Use --mode path.",
  },
  {
    refused: "path mode's directory on a file system mounted noexec",
    options: { mode: "path" },
    around: (node) => ({ mounts: [mount(node.at("/opt/cnitap/bin"), { isNoexec: true })] }),
    reason: "/opt/cnitap/bin is on a file system mounted noexec",
    hint: "Choose another directory with --shim-dir.",
  },
  {
    refused: "a read-only configuration directory",
    options: { mode: "chain" },
    around: (node) => ({ mounts: [mount(node.at(node.confDir), { isReadOnly: true })] }),
    reason: "CONF is on a read-only file system",
    hint: "Use --mode swap or --mode path.",
  },
  {
    refused: "a missing plugin",
    options: { mode: "swap", plugins: ["calico"] },
    reason: "calico cannot be recorded: it is not in BIN",
    hint: "Remove it from --plugins, or fix it.",
  },
  {
    refused: "a plugin of --plugins that an agent overwrites at once",
    prepare: (node) => node.plugin("istio-cni"),
    options: { mode: "swap", plugins: ["istio-cni"] },
    around: () => ({ agents: [agent("istio-cni")] }),
    reason: "BIN/istio-cni cannot be recorded: istio-cni overwrites it again as soon as it changes",
    hint: "Remove it from --plugins, or fix it.",
  },
  {
    refused: "no plugin exists",
    prepare: (node) => node.list("10-pods.conflist", [{ type: "calico" }]),
    options: { mode: "swap" },
    reason: "no plugin can be recorded: calico: it is not in BIN",
    hint: "Set the plugin directory with --bin-dir.",
  },
  {
    refused: "a capture inside a directory that runtimes watch",
    options: { mode: "swap" },
    around: (node) => ({ confDir: { value: node.at("/var/lib"), from: "the test" } }),
    reason: "/var/lib/cnitap/capture is inside /var/lib, which runtimes watch",
    hint: "Choose another directory: CRI-O runs VERSION of every plugin after each write there.",
  },
  {
    refused: "a file at the path of the capture",
    prepare: (node) => node.file("/var/lib/cnitap", ""),
    options: { mode: "swap" },
    reason: "/var/lib/cnitap exists and is not a directory",
    hint: "Choose another path with --capture or --log-file.",
  },
  {
    refused: "an empty list",
    prepare: (node) => node.list("10-pods.conflist", []),
    options: { mode: "chain" },
    reason: "CONF/10-pods.conflist cannot be edited: its plugins list is empty",
    hint: "Use --mode swap, which does not edit the list.",
  },
  {
    refused: "a cni_pre that cnitap did not install",
    prepare: (node) => node.plugin("cni_pre"),
    options: { mode: "chain" },
    reason: "BIN/cni_pre exists and was not installed by cnitap",
    hint: "Remove it from the list and from BIN.",
  },
  {
    refused: "a first plugin that does not work with a prevResult",
    prepare: (node) => node.list("10-pods.conflist", [{ type: "loopback" }]),
    options: { mode: "chain" },
    reason: "loopback returns the empty prevResult instead of its own result",
    hint: "Use --mode swap, which does not change what plugins are given.",
  },
]
for (const { refused, prepare, options, around, reason, hint } of REFUSALS) {
  test(`refused: ${refused}`, (t) => {
    const node = plainNode(t)
    prepare?.(node)
    const plan = planOn(node, options, around?.(node))
    const [refusal] = plan.refusals
    assert.deepEqual(
      [refusal?.reason, refusal?.hint].map((text) => short(text ?? "", node)),
      [reason, hint],
    )
    assert.deepEqual(plan.changes, [])
  })
}

test("a multi-call plugin behind symlinks and a list that is a symlink are planned as such", (t) => {
  const node = plainNode(t)
  node.plugin("multi")
  node.link("ptp", "multi")
  node.list("real.txt", [{ type: "ptp" }])
  node.delete(LIST)
  symlinkSync("real.txt", node.at(LIST))
  const steps = stepsOf(planOn(node, { mode: "swap" }), node)
  assert.ok(steps.includes("link BIN/ptp as BIN/.cnitap/links/ptp"))
  assert.ok(steps.includes("create symlink BIN/.cnitap/real/ptp to BIN/multi"))
  assert.ok(readFileSync(node.at(LIST), "utf8").includes("ptp"))
})

test("a second runtime that runs is named, and so is the plugin that the first executes besides the list", (t) => {
  const pathSetting: PathSetting = { file: "", key: "", value: [], kind: "list", restart: "" }
  const { runtime } = runtimeOf(pathSetting)
  assert.ok(runtime)
  const first = { ...runtime, behaviour: { ...DEFAULT_BEHAVIOUR, executesLoopback: true } }
  const second = {
    ...runtime,
    name: "containerd",
    version: "1.7.24",
    pid: 812,
    confDir: { value: "/srv/net.d", from: "the test" },
    binDirs: { value: ["/srv/bin", "/opt/cni/bin"], from: "the test" },
  }
  const stopped = { ...second, pid: 813, isRunning: false }
  const plan = planOn(plainNode(t), {}, { runtime: first, runtimes: [first, second, stopped] })
  assert.deepEqual(
    [plan.warnings.filter((text) => !text.includes(" is a script ")), plan.notRecorded.map(({ what }) => what)],
    [
      [
        "containerd 1.7.24 (process 812) runs too, with networks in /srv/net.d and plugins in /srv/bin, /opt/cni/bin; this plan is not for it",
      ],
      ["loopback"],
    ],
  )
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
