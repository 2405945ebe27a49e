import { nodeDisk } from "../../../src/install/disk/disk.ts"
import type { InstallMode, InstallOptions } from "../../../src/install/plan/install-options.ts"
import { takeInventory } from "../../../src/install/plan/inventory.ts"
import { refusalsOf } from "../../../src/install/plan/refusal.ts"
import { detectFiles, noPrograms } from "../no-programs.ts"

/** The reasons why this mode is refused on the node, with `(--force)` after those that can be overridden. */
export function refused(root: string, mode: InstallMode): string[] {
  const settings = { capture: "/var/lib/cnitap/capture", raw: false, onlyFailures: false }
  const options: InstallOptions = { mode, shimDir: "/opt/cnitap/bin", force: false, settings }
  const refusals = refusalsOf(mode, takeInventory(nodeDisk(root, noPrograms), detectFiles(root), options), options)
  return refusals.map(({ reason, isForceable }) => `${reason}${isForceable ? " (--force)" : ""}`)
}
