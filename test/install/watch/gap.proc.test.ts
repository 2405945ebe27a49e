import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { copyFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { apply } from "../../../src/install/apply/apply.ts"
import { nodeDisk } from "../../../src/install/disk/disk.ts"
import { readRelay } from "../../../src/install/disk/relay-file.ts"
import { runProgram } from "../../../src/install/disk/run-program.ts"
import type { InstallOptions } from "../../../src/install/plan/install-options.ts"
import { takeInventory } from "../../../src/install/plan/inventory.ts"
import { planInstall } from "../../../src/install/plan/plan.ts"
import { uninstallAll } from "../../../src/install/undo/uninstall.ts"
import { double } from "../../doubles/double.ts"
import { mortal } from "../mortal.ts"
import { Node } from "../node.ts"
import { factsOf } from "../plan/facts.ts"

test("every plugin replies after every single change of install, an agent's upgrade, reinstall and uninstall", (t) => {
  const node = new Node()
  t.after(() => node.remove())
  node.plugin("multi")
  node.link("portmap", "multi")
  node.plugin("bridge")
  const names = ["bridge", "portmap", "multi"]
  node.list(
    "10-pods.conflist",
    names.map((type) => ({ type })),
  )
  const failures: string[] = []
  let changes = 0
  const disk = mortal(nodeDisk("/", runProgram), {
    onChange(count) {
      changes = count
      for (const name of names) {
        const { stdout, stderr } = spawnSync(join(node.bin, name), { env: ADD, input: "{}", encoding: "utf8" })
        if (stdout !== `{"plugin":"${name}"}`) failures.push(`${name} after change ${count}: ${stdout}${stderr}`)
      }
    },
  })
  const relay = readRelay()
  const confDir = node.at(node.confDir)
  const settings = { capture: node.at("/var/lib/cnitap/capture"), raw: false, onlyFailures: false }
  const options: InstallOptions = { mode: "swap", shimDir: node.at("/opt/cnitap/bin"), force: false, settings }
  const undoContext = { confDirs: [confDir], binDirs: [node.bin], drain: () => [] }
  const install = () => {
    const worksNow = () =>
      planInstall(takeInventory(disk, factsOf(confDir, [node.bin]), options), options, relay.sha256).changes
    apply(disk, relay, { mode: "swap", settings, wallMs: 0 }, worksNow(), worksNow, undoContext)
  }
  install()
  copyFileSync(double("plugin"), join(node.bin, ".upgrade"))
  renameSync(join(node.bin, ".upgrade"), join(node.bin, "multi"))
  install()
  uninstallAll(disk, [node.bin], undoContext, false)
  assert.deepEqual(failures, [])
  assert.ok(changes > 40, `${changes} changes`)
})

const ADD = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1" }
