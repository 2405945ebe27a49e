import type { Command } from "commander"
import type { ClusterOptions } from "../../cluster/kubectl.ts"
import { Fault } from "../../fault/fault.ts"
import { collectNames, namesOption, textOption } from "../args/option.ts"
import type { Verb } from "../verb.ts"

/** Flags of a verb on a node that mean nothing over a cluster. */
const NODE_FLAGS = ["root", "capture", "from", "binDir", "confDir", "shimDir"]

/** The flags of every verb over a cluster. */
export function addCluster(command: Command): Command {
  return command
    .option("--context <name>", "context of the kubeconfig, as in kubectl")
    .option("--kubeconfig <file>", "kubeconfig, as in kubectl")
}

/** The flag of verbs that ask the nodes. */
export function addNodes(command: Command): Command {
  return addCluster(command).option("--node <names>", "only these nodes: A,B", collectNames)
}

export function clusterOptionsOf(options: Record<string, unknown>): ClusterOptions {
  const [context, kubeconfig] = [textOption(options.context), textOption(options.kubeconfig)]
  return { ...(context ? { context } : {}), ...(kubeconfig ? { kubeconfig } : {}) }
}

/**
 * Declares a verb with the arguments and flags that it has on a node, without those that name a directory there, and
 * returns its command when it is run.
 */
export function declareAsOnNode(verb: Verb, command: Command): void {
  verb.define(command)
  for (const option of command.options) if (NODE_FLAGS.includes(option.attributeName())) option.hideHelp()
  addNodes(command)
}

/** The command line of the same verb on a node: what was given, without flags of the cluster and those in `leaveOut`. */
export function nodeArguments(command: Command, leaveOut: readonly string[]): string[] {
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

const CLUSTER_FLAGS = ["context", "kubeconfig", "node"]

/** How rows are shown is decided here, not on the nodes. */
export const OUTPUT_FLAGS = ["output", "headers", "color", "pager"]
