import { FAULTS } from "../../fault/fault.ts"
import { readRelay } from "../../install/disk/relay-file.ts"
import { takeInventory } from "../../install/plan/inventory.ts"
import { planInstall } from "../../install/plan/plan.ts"
import { addInstallOptions, installOptionsOf } from "../args/install-options.ts"
import { addNode, openNode } from "../args/node.ts"
import { addOutput } from "../render/output.ts"
import { printPlan } from "../render/plan-text.ts"
import type { Verb } from "../verb.ts"

export const plan: Verb = {
  name: "plan",
  summary:
    "tell every step of an install, what will be recorded and what cannot be; changes nothing; exit 5 if refused",
  examples: [
    ["cnitap plan", "what would be recorded on this node, and every step"],
    ["cnitap plan --mode chain --diff", "how the list would be edited"],
    ["cnitap plan --root /host -o json", "of a node that is mounted at /host, for a program"],
  ],
  define(command) {
    addOutput(addInstallOptions(addNode(command))).option("--diff", "show what changes in files, as a diff")
  },
  async run(context, _args, options) {
    const wish = installOptionsOf(context, options)
    const { disk, facts } = openNode(options)
    const planned = planInstall(takeInventory(disk, facts, wish), wish, readRelay().sha256)
    await printPlan(context, options, planned, facts)
    if (planned.refusals.length > 0) context.exitCode = FAULTS.REFUSED
  },
}
