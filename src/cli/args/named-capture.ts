import type { CaptureName } from "../../model/capture-name.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { captureName } from "../../store/capture/capture-name.ts"
import { namesOption, textOption } from "./option.ts"

/** Copies of what the nodes of a cluster recorded are named by these nodes, which its verbs give as `nodes`. */
export function nameCapture(capture: Capture, options: Record<string, unknown>): CaptureName {
  const nodes = namesOption(options.nodes)
  if (!nodes) return captureName(capture)
  const given = { context: options.context, kubeconfig: options.kubeconfig, node: namesOption(options.node)?.join(",") }
  return {
    path: nodes.length > MOST_NAMED ? `${nodes.length} nodes` : nodes.join(", "),
    program: "kubectl cnitap",
    flags: Object.entries(given).flatMap(([name, value]) => (textOption(value) ? [`--${name}`, String(value)] : [])),
  }
}

const MOST_NAMED = 3
