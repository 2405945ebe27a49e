import type { Command } from "commander"
import type { ClusterOptions } from "../../cluster/kubectl.ts"
import { collectNames, textOption } from "../args/option.ts"

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
