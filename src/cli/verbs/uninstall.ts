import { lstatSync } from "node:fs"
import { FAULTS } from "../../fault/fault.ts"
import { removeShimDir, type UninstallOutput, uninstallAll } from "../../install/undo/uninstall.ts"
import { addNode, assertWritable, openNode, withWaitNotice } from "../node/node.ts"
import { addOutput, printOne } from "../render/output.ts"
import { sections } from "../render/plan-text.ts"
import type { Verb } from "../verb.ts"

export const uninstall: Verb = {
  description:
    "The capture is kept unless --purge is given. A file that another process has replaced since is left as it is. Exits 6 if nothing is installed.",
  examples: [
    ["cnitap uninstall", "restore the node; the capture can still be read"],
    ["cnitap uninstall --purge", "also delete the capture and the probe log"],
  ],
  define(command) {
    addOutput(addNode(command)).option("--purge", "also delete the capture and the probe log")
  },
  async run(context, _args, options) {
    const { disk, installDirs, shimDir, undoContext } = openNode(options)
    assertWritable(disk, installDirs)
    const removal = uninstallAll(disk, installDirs, withWaitNotice(context, undoContext), options.purge === true)
    removeShimDir(disk, shimDir)
    await printOne(context, options, {
      kind: "Uninstall",
      name: "uninstall/node",
      value: removal,
      text: () => removalText(removal, installDirs, (path) => isThere(disk.entry(path))),
    })
    if (removal.binDirs.length === 0) context.exitCode = FAULTS.NOT_FOUND
    if (removal.notRestored.some(({ isBlocking }) => isBlocking)) context.exitCode = FAULTS.REFUSED
  },
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function removalText(
  { binDirs, restored, notRestored, tombstones, captures, purged }: UninstallOutput,
  looked: readonly string[],
  isThere: (path: string) => boolean,
): string {
  if (binDirs.length === 0) return `nothing is installed in ${looked.join(", ")}\n`
  return sections([
    [
      `uninstalled from ${binDirs.join(", ")}`,
      restored.map((path) => `${path} is ${isThere(path) ? "as it was" : "removed"}`),
    ],
    ["LEFT AS IT IS", notRestored.map(({ path, reason }) => `${path} ${reason}`)],
    [
      "STAYS FOR NOW, recording nothing; the next cnitap status or uninstall removes it",
      tombstones.map(({ path, namedBy }) => `${path}, named by ${namedBy.join(", ")}`),
    ],
    ["PURGED", purged],
    ["THE CAPTURE STAYS (--purge removes it)", captures],
  ])
}
