import { detect } from "../../src/install/detect.ts"
import { nodeDisk } from "../../src/install/disk.ts"
import { refusalsOf } from "../../src/install/refusal.ts"
import { survey } from "../../src/install/survey.ts"
import type { Mode, Wish } from "../../src/install/wish.ts"

/** Why cnitap would not install itself on the node in this mode; `(--force)` where it could be made to. */
export function refused(root: string, mode: Mode): string[] {
  const settings = { capture: "/var/lib/cnitap/capture", raw: false, onlyFailures: false }
  const wish: Wish = { mode, shimDir: "/opt/cnitap/bin", force: false, settings }
  const refusals = refusalsOf(mode, survey(nodeDisk(root), detect(root), wish), wish)
  return refusals.map(({ why, isForceable }) => `${why}${isForceable ? " (--force)" : ""}`)
}
