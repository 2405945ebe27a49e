import assert from "node:assert/strict"
import { renameSync } from "node:fs"
import { type TestContext, test } from "node:test"
import { openNode } from "../../../src/cli/node/node.ts"
import type { Disk } from "../../../src/install/disk/disk.ts"
import { readRelay } from "../../../src/install/disk/relay-file.ts"
import { takeInventory } from "../../../src/install/plan/inventory.ts"
import { planInstall } from "../../../src/install/plan/plan.ts"
import { readStatus } from "../../../src/install/status/status.ts"
import { uninstallAll } from "../../../src/install/undo/uninstall.ts"
import { capturing, cnitap } from "../cli.ts"
import { Node } from "../node.ts"

type Opened = ReturnType<typeof openNode>
type Look = (disk: Disk, node: Node, opened: Opened) => void

const status: Look = (disk, _node, { installDirs, undoContext }) => {
  for (const binDir of installDirs) readStatus(disk, binDir, undoContext)
}

const plan: Look = (disk, node, { facts, shimDir }) => {
  const settings = { capture: node.at("/var/lib/cnitap/capture"), raw: false, onlyFailures: false }
  const options = { mode: "swap", shimDir, force: false, settings } as const
  planInstall(takeInventory(disk, facts, options), options, readRelay().sha256)
}

for (const [mode, home] of [
  ["swap", "/opt/cni/bin/.cnitap"],
  ["chain", "/opt/cni/bin/.cnitap"],
  ["path", "/opt/cnitap/bin/.cnitap"],
] as const)
  for (const [name, look, paths] of [
    ["status", status, [home, "/opt", "/var/lib/cnitap/capture"]],
    ["plan", plan, [home]],
  ] as const)
    test(`${mode}: ${name} does not fail when an uninstall removes what it has just found`, async (t) => {
      const node = plainNode(t)
      assert.equal((await cnitap("install", ...capturing(node), "--mode", mode)).code, 0)
      const opened = openNode(optionsOf(node))
      for (const path of paths) {
        let access = 1
        while (vanishes(node, opened, path, access, look)) access++
        assert.ok(access > 9, `only ${access} accesses`)
      }
    })

test("uninstalling what another process has just uninstalled is not an error", async (t) => {
  const node = plainNode(t)
  assert.equal((await cnitap("install", ...capturing(node))).code, 0)
  const { disk, installDirs, undoContext } = openNode(optionsOf(node))
  let count = 0
  const rival: Disk = {
    ...disk,
    create(path, content, mode) {
      if (count++ === 0) assert.equal(uninstallAll(disk, installDirs, undoContext, true).binDirs.length, 1)
      disk.create(path, content, mode)
    },
  }
  assert.deepEqual(uninstallAll(rival, installDirs, undoContext, true), {
    binDirs: [],
    restored: [],
    notRestored: [],
    tombstones: [],
    captures: [],
    purged: [],
  })
})

function plainNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => node.remove())
  for (const name of ["bridge", "host-local"]) node.plugin(name)
  node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }])
  return node
}

function optionsOf(node: Node) {
  return {
    root: "/",
    binDir: [node.bin],
    confDir: node.at(node.confDir),
    shimDir: node.at("/opt/cnitap/bin"),
  }
}

/** Takes the path away right before the n-th access. Returns whether there were so many. */
function vanishes(node: Node, opened: Opened, path: string, access: number, look: Look): boolean {
  const [here, aside] = [node.at(path), node.at("/aside")]
  let count = 0
  const counted = (pathOf: (path: string) => string) => (asked: string) => {
    count++
    // What follows is made with the path, so the file is missing exactly then.
    const found = pathOf(asked)
    if (count === access) renameSync(here, aside)
    return found
  }
  const { disk } = opened
  try {
    look({ ...disk, at: counted(disk.at), entry: counted(disk.entry) }, node, opened)
  } finally {
    if (count >= access) renameSync(aside, here)
  }
  return count >= access
}
