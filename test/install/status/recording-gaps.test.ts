import assert from "node:assert/strict"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { NodeFacts } from "../../../src/install/detect/node-facts.ts"
import { nodeDisk } from "../../../src/install/disk/disk.ts"
import type { InstallMode } from "../../../src/install/plan/install-options.ts"
import { gapText, isProblem } from "../../../src/install/status/recording-gap.ts"
import { readRecordingGaps } from "../../../src/install/status/recording-gaps.ts"
import type { InstallStatus, PluginStatus } from "../../../src/install/status/status.ts"
import { noPrograms } from "../no-programs.ts"
import type { NodeTree } from "../node-tree.ts"
import { factsOf } from "../plan/facts.ts"
import { BRIDGE, plainNode, short } from "../plan/planned.ts"

test("nothing is missing after an install, and where nothing is installed nothing is expected", (t) => {
  const node = plainNode(t)
  assert.deepEqual(gaps(node, [swapped(node, ["bridge", "host-local", "portmap"])]), [])
  assert.deepEqual(gaps(node, []), [])
})

test("a plugin that joined the active list, and its IPAM plugin", (t) => {
  const node = plainNode(t)
  const installs = [swapped(node, ["bridge", "host-local", "portmap"])]
  for (const name of ["vlan", "dhcp"]) node.plugin(name)
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "vlan", ipam: { type: "dhcp" } }])
  assert.deepEqual(gaps(node, installs), [
    "vlan of the active list CONF/10-pods.conflist is not recorded",
    "dhcp (IPAM of vlan) of the active list CONF/10-pods.conflist is not recorded",
  ])
})

test("another file sorts first: only its own plugins count", (t) => {
  const node = plainNode(t)
  node.plugin("multus")
  node.list("00-multus.conflist", [{ type: "multus" }])
  assert.deepEqual(gaps(node, [swapped(node, ["bridge", "host-local", "portmap"])]), [
    "multus of the active list CONF/00-multus.conflist is not recorded",
  ])
})

test("a plugin without a file fails before it starts", (t) => {
  const node = plainNode(t)
  node.list("10-pods.conflist", [BRIDGE, { type: "flannel-qos" }])
  assert.deepEqual(gaps(node, [swapped(node, ["bridge", "host-local"])]), [
    "flannel-qos of the active list CONF/10-pods.conflist is missing: it is not in BIN",
  ])
})

test("--plugins chose these plugins: one that joins later is not expected", (t) => {
  const node = plainNode(t)
  assert.deepEqual(gaps(node, [{ ...swapped(node, ["bridge"]), onlyPlugins: ["bridge"] }]), [])
})

test("a plugin that no install records is named, and is not a problem", (t) => {
  const node = plainNode(t)
  node.plugin("bridge", [], { mode: 0o4755 })
  const found = gapsOf(node, [swapped(node, ["host-local", "portmap"])])
  assert.deepEqual(
    found.map((gap) => [short(gapText(gap), node), isProblem(gap)]),
    [
      [
        "bridge of the active list CONF/10-pods.conflist is not recorded: it is setuid or setgid; a relay with these rights could be made to run another program",
        false,
      ],
    ],
  )
})

test("a plugin whose relay was replaced is not a gap: its own state says so", (t) => {
  const node = plainNode(t)
  const install = swapped(node, ["bridge", "host-local", "portmap"])
  assert.deepEqual(
    gaps(node, [{ ...install, plugins: install.plugins.map((it) => ({ ...it, state: "replaced" })) }]),
    [],
  )
})

test("path mode: a plugin without a relay in its directory", (t) => {
  const node = plainNode(t)
  const shim = node.at("/opt/cnitap/bin")
  mkdirSync(shim, { recursive: true })
  const install = installed(node, "path", [pluginStatus(shim, "bridge"), pluginStatus(shim, "host-local")])
  assert.deepEqual(gaps(node, [install]), ["portmap of the active list CONF/10-pods.conflist is not recorded"])
})

test("chain mode: the active list is another one, without the probes", (t) => {
  const node = plainNode(t)
  const list = { path: join(node.at(node.confDir), "10-pods.conflist"), state: "edited" } as const
  const install = { ...installed(node, "chain", []), list }
  assert.deepEqual(gaps(node, [install]), [])
  node.list("05-other.conflist", [BRIDGE])
  assert.deepEqual(gaps(node, [install]), [
    "the active list CONF/05-other.conflist is not recorded: it has no cni_pre and cni_post",
  ])
  node.list("05-other.conflist", [{ type: "cni_pre" }, BRIDGE, { type: "cni_post" }])
  assert.deepEqual(gaps(node, [install]), [])
})

function gaps(node: NodeTree, installs: readonly InstallStatus[]): string[] {
  return gapsOf(node, installs).map((gap) => short(gapText(gap), node))
}

function gapsOf(node: NodeTree, installs: readonly InstallStatus[], more: Partial<NodeFacts> = {}) {
  const facts = factsOf(node.at(node.confDir), [node.bin], more)
  return readRecordingGaps(nodeDisk("/", noPrograms), facts, installs, node.at("/opt/cnitap/bin"))
}

/** An install whose relays are reported by its status only: nothing in the tree is replaced. */
function swapped(node: NodeTree, plugins: readonly string[]): InstallStatus {
  return installed(
    node,
    "swap",
    plugins.map((name) => pluginStatus(node.bin, name)),
  )
}

function pluginStatus(binDir: string, name: string): PluginStatus {
  return { name, path: join(binDir, name), state: "recorded" }
}

function installed(node: NodeTree, mode: InstallMode, plugins: PluginStatus[]): InstallStatus {
  const capture = node.at("/var/lib/cnitap/capture")
  return {
    binDir: node.bin,
    mode,
    state: "installed",
    installedMs: 1,
    changedMs: 1,
    settings: { capture, raw: false, onlyFailures: false },
    isForced: false,
    lists: [join(node.at(node.confDir), "10-pods.conflist")],
    plugins,
    tombstones: [],
    capture: { path: capture, exists: true, sizeBytes: 0, segments: 0 },
  }
}
