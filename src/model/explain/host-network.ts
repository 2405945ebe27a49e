import type { Operation } from "../operation.ts"
import type { ExplainContext, Statement } from "./statement.ts"

/** The network namespace of the node's first process. */
const HOST_NETNS = /^\/proc\/(?:1|self|thread-self)\/(?:task\/\d+\/)?ns\/net$/

/** Whether a call was made for the node's own network. */
export function isHostNetwork({ netns }: Operation, { node }: Pick<ExplainContext, "node">): boolean {
  return netns !== undefined && (node?.isHostNetwork === true || HOST_NETNS.test(netns))
}

/** A plugin must not be called for the node's own network: it would change the node's interfaces and routes. */
export function hostNetwork(operation: Operation, context: Pick<ExplainContext, "node">): Statement[] {
  if (!isHostNetwork(operation, context)) return []
  const text = `${operation.netns} is the network namespace of the node itself: for a hostNetwork pod no plugin should be called`
  return [{ topic: "host network", text }]
}
