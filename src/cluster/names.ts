import { createHash } from "node:crypto"

/** The one namespace of everything that cnitap creates in a cluster. */
export const NAMESPACE = "cnitap"
export const CONTAINER = "cnitap"
/** Where the node's file system is in a pod, and the program. */
export const HOST_ROOT = "/host"
export const PROGRAM = "/cnitap"

/** How a node is recorded: plugins are replaced, or followed from the kernel with nothing on the node changed. */
export type RecorderMode = "swap" | "observe"

/** An argument of `cnitap plan` and `install`; with `auto`, the plan says which mode. */
export function modeArgument(mode: RecorderMode | "auto"): string {
  return `--mode=${mode}`
}

const NAME = "app.kubernetes.io/name"
const COMPONENT = "app.kubernetes.io/component"
export const VERSION_LABEL = "app.kubernetes.io/version"
/** When the relays of a pod stop recording: RFC 3339. */
export const UNTIL_ANNOTATION = "cnitap/until"

/**
 * `recorder`: installs, stays and uninstalls. `look`: shows what an install would do, and ends. `undo`: uninstalls what a
 * recorder left, and ends.
 */
export type Component = "recorder" | "look" | "undo"

export function labelsOf(component: Component, version: string): Record<string, string> {
  return { [NAME]: "cnitap", [COMPONENT]: component, [VERSION_LABEL]: version }
}

export function selectorOf(component?: Component): string {
  return `${NAME}=cnitap${component ? `,${COMPONENT}=${component}` : ""}`
}

export function componentOf(labels: Record<string, string> | undefined): string | undefined {
  return labels?.[COMPONENT]
}

const MAX_NAME = 253

export function podName(component: Component, node: string): string {
  const name = component === "recorder" ? `cnitap-${node}` : `cnitap-${component}-${node}`
  if (name.length <= MAX_NAME) return name
  return `${name.slice(0, MAX_NAME - 9)}-${createHash("sha256").update(node).digest("hex").slice(0, 8)}`
}
