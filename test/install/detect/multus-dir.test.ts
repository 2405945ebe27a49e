import assert from "node:assert/strict"
import { test } from "node:test"
import { nodeDisk } from "../../../src/install/disk/disk.ts"
import type { InstallOptions } from "../../../src/install/plan/install-options.ts"
import { takeInventory } from "../../../src/install/plan/inventory.ts"
import { planInstall } from "../../../src/install/plan/plan.ts"
import { detectFiles, noPrograms } from "../no-programs.ts"
import { mountinfo, plant, programs } from "../plant.ts"
import { conflists } from "./platform-trees.ts"

test("a delegate in Multus' own directory is recorded there, not the runtime's plugin of the same name", (t) => {
  const root = plant(
    t,
    { "/etc/crio/crio.conf": '[crio.network]\nplugin_dirs = ["/usr/libexec/cni"]\n' },
    conflists("multus-thin"),
    programs("/usr/libexec/cni", "multus", "flannel", "bridge", "host-local", "portmap"),
    programs("/opt/cni/bin", "flannel"),
    mountinfo("/ ext4 rw"),
  )
  const disk = nodeDisk(root, noPrograms)
  const facts = detectFiles(root)
  const settings = { capture: "/var/lib/cnitap/capture", raw: false, onlyFailures: false }
  const options: InstallOptions = { mode: "swap", shimDir: "/opt/cnitap/bin", force: false, settings }
  const { targets, changes, refusals } = planInstall(takeInventory(disk, facts, options), options, "hash")
  assert.deepEqual(refusals, [])
  assert.deepEqual(
    targets.map(({ path, reason }) => [path, reason]),
    [
      ["/usr/libexec/cni/multus", undefined],
      ["/opt/cni/bin/flannel", undefined],
      ["/usr/libexec/cni/bridge", undefined],
      ["/usr/libexec/cni/host-local", undefined],
      ["/usr/libexec/cni/portmap", undefined],
    ],
  )
  assert.deepEqual(changes.map(({ binDir }) => binDir).sort(), ["/opt/cni/bin", "/usr/libexec/cni"])
  assert.deepEqual(
    facts.mounts.map(({ directory }) => directory),
    ["/etc/cni/net.d", "/usr/libexec/cni", "/opt/cni/bin"],
  )
})
