import { isObject, parseJson } from "../cni/json.ts"
import { Fault } from "../fault/fault.ts"
import type { Kubectl } from "./kubectl.ts"

/** A node, and why nothing can be installed on it. */
export type ClusterNode = { name: string; problem?: string }

type NodeObject = {
  metadata: { name: string; labels?: Record<string, string> }
  status?: { conditions?: { type: string; status: string; message?: string }[] }
}

/** The nodes with these names, or that the selector matches. Throws a Fault if no node has one of the names. */
export async function readNodes(
  kubectl: Kubectl,
  wanted: { names?: readonly string[]; selector?: string },
): Promise<ClusterNode[]> {
  const selector = wanted.selector === undefined ? [] : ["-l", wanted.selector]
  const list = parseJson(await kubectl.read(["get", "nodes", ...selector, "-o", "json"]))
  const nodes = isObject(list) && Array.isArray(list.items) ? (list.items as NodeObject[]).map(toNode) : []
  const { names } = wanted
  const missing = names?.find((name) => nodes.every((node) => node.name !== name))
  if (missing !== undefined)
    throw new Fault("NOT_FOUND", `the cluster has no node ${missing}`, "List them with `kubectl get nodes`.")
  return names ? nodes.filter(({ name }) => names.includes(name)) : nodes
}

function toNode({ metadata: { name, labels }, status }: NodeObject): ClusterNode {
  const ready = status?.conditions?.find(({ type }) => type === "Ready")
  const os = labels?.["kubernetes.io/os"]
  if (os !== undefined && os !== "linux") return { name, problem: `its operating system is ${os}` }
  if (ready?.status === "True") return { name }
  return { name, problem: `the node is not ready: ${ready?.message ?? "its kubelet does not answer"}` }
}
