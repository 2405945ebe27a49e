import type { NodeFacts } from "../../../src/install/detect/node-facts.ts"
import { nodeDisk } from "../../../src/install/disk/disk.ts"
import type { InstallOptions } from "../../../src/install/plan/install-options.ts"
import { takeInventory } from "../../../src/install/plan/inventory.ts"
import { type Plan, planInstall } from "../../../src/install/plan/plan.ts"
import { stepText } from "../../../src/install/plan/step.ts"
import { noPrograms } from "../no-programs.ts"
import { NodeTree } from "../node-tree.ts"
import { factsOf } from "./facts.ts"

export const BRIDGE = { type: "bridge", ipam: { type: "host-local" } }

export function plainNode(t: { after(fn: () => void): void }): NodeTree {
  const node = new NodeTree()
  t.after(() => node.remove())
  for (const name of ["bridge", "host-local", "portmap"]) node.plugin(name)
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }])
  return node
}

export function planOn(node: NodeTree, options: Partial<InstallOptions>, around: Partial<NodeFacts> = {}): Plan {
  const settings = { capture: node.at("/var/lib/cnitap/capture"), raw: false, onlyFailures: false }
  const whole: InstallOptions = {
    mode: "swap",
    shimDir: node.at("/opt/cnitap/bin"),
    force: false,
    settings,
    ...options,
  }
  const facts = factsOf(node.at(node.confDir), [node.bin], around)
  return planInstall(takeInventory(nodeDisk("/", noPrograms), facts, whole), whole, "0".repeat(64))
}

export function stepsOf(plan: Plan, node: NodeTree): string[] {
  return plan.changes.flatMap(({ steps }) => steps.map((step) => short(stepText(step), node)))
}

export function short(text: string, node: NodeTree): string {
  return text.replaceAll(node.bin, "BIN").replaceAll(node.at(node.confDir), "CONF").replaceAll(node.root, "")
}
