/** Runs an install or an uninstall in a process of its own, and dies by SIGKILL after the given step. */
import { apply } from "../../src/install/apply.ts"
import { nodeDisk } from "../../src/install/disk.ts"
import { readRelay } from "../../src/install/relay-file.ts"
import { readSite } from "../../src/install/site.ts"
import { swapSteps } from "../../src/install/swap.ts"
import { undo } from "../../src/install/undo.ts"
import { mortal } from "./mortal.ts"

export type Order = {
  verb: "install" | "uninstall"
  root: string
  binDir: string
  plugins: string[]
  dieAfter: number
}

const order = JSON.parse(process.argv[2] ?? "{}") as Order
let steps = 0
const disk = mortal(nodeDisk("/"), order.dieAfter, (count) => {
  steps = count
})
const surroundings = { confDirs: [`${order.root}/etc/cni/net.d`], binDirs: [order.root + order.binDir], settle() {} }
const binDir = order.root + order.binDir
if (order.verb === "install") {
  const relay = readRelay()
  const site = readSite(disk, binDir, order.plugins)
  const settings = { capture: `${order.root}/var/lib/cnitap/capture`, raw: false, onlyFailures: false }
  apply(
    disk,
    relay,
    { mode: "swap", settings, wallMs: 0 },
    [{ binDir, steps: swapSteps(site, order.plugins, relay.sha256) }],
    surroundings,
  )
} else {
  undo(disk, binDir, surroundings)
}
console.log(String(steps))
