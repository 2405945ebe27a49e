import { Fault } from "../../fault/fault.ts"
import { readSandboxes } from "../../store/node/sandboxes.ts"
import { textOption } from "../args/option.ts"
import type { Selection } from "../args/selection.ts"
import { rootOf } from "./this-node.ts"

/** Why the capture of this node has no call for a pod that runs on it; undefined if no such pod runs. */
export async function podWithoutCalls(
  { capture }: Selection,
  options: Record<string, unknown>,
  words: string,
): Promise<Fault | undefined> {
  if (!capture.isLive) return undefined
  const wanted = words.replace(/^pods?\//, "")
  const namespace = textOption(options.namespace)
  const sandbox = (await readSandboxes(rootOf(options))).find(
    (one) =>
      (wanted.includes("/") ? `${one.namespace}/${one.name}` : one.name) === wanted &&
      (namespace === undefined || one.namespace === namespace),
  )
  if (!sandbox) return undefined
  const pod = `${sandbox.namespace}/${sandbox.name}`
  return sandbox.isHostNetwork
    ? new Fault(
        "NOT_FOUND",
        `${pod} has the network of the node (hostNetwork): no plugin is called for it`,
        "Look at the interfaces, routes and rules of the node itself.",
      )
    : new Fault(
        "NOT_FOUND",
        `${pod} runs on this node, but none of its calls was recorded`,
        "It was started before the relays were installed, or its plugins are not recorded: run `cnitap status`.",
      )
}
