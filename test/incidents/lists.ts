import type { NetworkList } from "./libcni.ts"

/** Plugins that most lists use, as the distribution has them. */
export const DEBIAN = ["bridge", "host-local", "portmap"]

export const PORTMAP = { type: "portmap", capabilities: { portMappings: true } }

export function pods(...plugins: Record<string, unknown>[]): NetworkList {
  return { cniVersion: "1.0.0", name: "pods", plugins }
}

export function bridge(subnet: string, ipam: Record<string, unknown> = {}): Record<string, unknown> {
  const ranges = [[{ subnet }]]
  return { type: "bridge", bridge: "cni0", isGateway: true, ipam: { type: "host-local", ranges, ...ipam } }
}

/** The first lines of a plugin that is a script: only ADD has something to do. */
export const ADD_ONLY = "input=$(cat)\n[ $CNI_COMMAND = ADD ] || exit 0\n"

/** A command of such a script that prints the result of the plugin before it. */
export const PRINT_PREV_RESULT = `printf %s "$input" | sed 's/.*"prevResult"://; s/,"type":"[a-z-]*"}$//'`

export function later(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
