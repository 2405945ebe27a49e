import { FAULTS } from "../../fault/fault.ts"
import { readRelay } from "../../install/disk/relay-file.ts"
import { takeInventory } from "../../install/plan/inventory.ts"
import { planInstall } from "../../install/plan/plan.ts"
import { addInstallOptions, installOptionsOf } from "../args/install-options.ts"
import { addNode, openNode } from "../node/node.ts"
import { addOutput } from "../render/output.ts"
import { printPlan } from "../render/plan-text.ts"
import type { Verb } from "../verb.ts"

export const plan: Verb = {
  description:
    "Lists every step, the plugins that will be recorded, what cannot be recorded and what other modes would do. Exits 5 if install would refuse.",
  examples: [
    ["cnitap plan", "what would be recorded on this node, step by step"],
    ["cnitap plan --mode chain --diff", "how the network list would be edited"],
    ["cnitap plan --root /host -o json", "the plan for a node that is mounted at /host, as JSON"],
  ],
  define(command) {
    addOutput(addInstallOptions(addNode(command))).option("--diff", "show changed files as a diff")
  },
  async run(context, _args, options) {
    const wanted = installOptionsOf(context, options)
    const node = openNode(options)
    const { disk, facts } = node
    const planned = planInstall(takeInventory(disk, facts, wanted), wanted, readRelay().sha256)
    await printPlan(context, options, planned, node)
    if (planned.refusals.length > 0) context.exitCode = FAULTS.REFUSED
  },
}
