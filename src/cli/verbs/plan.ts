import { FAULTS } from "../../fault/fault.ts"
import { planInstall } from "../../install/plan.ts"
import { readRelay } from "../../install/relay-file.ts"
import { survey } from "../../install/survey.ts"
import { addNode, openNode } from "../node.ts"
import { addOutput } from "../output.ts"
import { printPlan } from "../plan-text.ts"
import type { Verb } from "../verb.ts"
import { addWish, wishOf } from "../wish.ts"

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
    addOutput(addWish(addNode(command))).option("--diff", "show what changes in files, as a diff")
  },
  async run(context, _args, options) {
    const wish = wishOf(context, options)
    const { disk, facts } = openNode(options)
    const planned = planInstall(survey(disk, facts, wish), wish, readRelay().sha256)
    await printPlan(context, options, planned, facts)
    if (planned.refusals.length > 0) context.exitCode = FAULTS.REFUSED
  },
}
