import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { namesOption } from "../args/option.ts"
import type { Verb } from "../verb.ts"
import { addNodes } from "./cluster-flags.ts"

/** The command line of the verb on a node: what was given, without the flags of the cluster and those in `leaveOut`. */
export type NodeArguments = (leaveOut: readonly string[]) => string[]

/**
 * A verb over a cluster with the arguments and flags that it has on a node, except those that name a directory there.
 * `run` is called as the verb's own, with its command line on a node.
 */
export function nodeVerb(
  verb: Verb,
  examples: Verb["examples"],
  run: (nodeArguments: NodeArguments, ...called: Parameters<Verb["run"]>) => Promise<void>,
): Verb {
  let command: Command
  return {
    ...verb,
    examples,
    define(own) {
      command = own
      verb.define(own)
      for (const option of own.options) if (NODE_FLAGS.includes(option.attributeName())) option.hideHelp()
      addNodes(own)
    },
    run: (...called) => run((leaveOut) => argumentsOf(command, leaveOut), ...called),
  }
}

function argumentsOf(command: Command, leaveOut: readonly string[]): string[] {
  const options = command.opts()
  const flags = command.options.flatMap((option) => {
    const name = option.attributeName()
    if (command.getOptionValueSource(name) !== "cli") return []
    if (NODE_FLAGS.includes(name))
      throw new Fault(
        "USAGE",
        `${option.long} names a directory of one node`,
        "Leave it out, or use cnitap on the node.",
      )
    if (CLUSTER_FLAGS.includes(name) || leaveOut.includes(name)) return []
    const value: unknown = options[name]
    const flag = option.long ?? option.short ?? ""
    if (typeof value === "boolean") return value === option.negate ? [] : [flag]
    return (namesOption(value) ?? [String(value)]).map((text) => `${flag}=${text}`)
  })
  // commander lists an option and its --no- form as two.
  return [...new Set(flags), ...command.args]
}

/** Flags of a verb on a node that mean nothing over a cluster. */
const NODE_FLAGS = ["root", "capture", "from", "binDir", "confDir", "shimDir"]

const CLUSTER_FLAGS = ["context", "kubeconfig", "node"]

/** How rows are shown is decided here, not on the nodes. */
export const OUTPUT_FLAGS = ["output", "headers", "color", "pager"]
