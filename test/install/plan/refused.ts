import { nodeDisk } from "../../../src/install/disk/disk.ts"
import type { InstallOptions, Mode } from "../../../src/install/plan/install-options.ts"
import { takeInventory } from "../../../src/install/plan/inventory.ts"
import { refusalsOf } from "../../../src/install/plan/refusal.ts"
import { detectFiles, noPrograms } from "../no-programs.ts"

/** Why cnitap would not install itself on the node in this mode; `(--force)` where it could be made to. */
export function refused(root: string, mode: Mode): string[] {
  const settings = { capture: "/var/lib/cnitap/capture", raw: false, onlyFailures: false }
  const options: InstallOptions = { mode, shimDir: "/opt/cnitap/bin", force: false, settings }
  const refusals = refusalsOf(mode, takeInventory(nodeDisk(root, noPrograms), detectFiles(root), options), options)
  return refusals.map(({ reason, isForceable }) => `${reason}${isForceable ? " (--force)" : ""}`)
}
