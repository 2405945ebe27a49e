import type { Host } from "./host.ts"

/** A plugin that runs itself through the relay would use up the node's processes (Calico's renamed binary). */
export function rejectLoop(host: Host): void {
  const details = `run "cnitap uninstall" and look at ${host.path}`
  const msg = `cnitap: ${host.name} calls itself: ${host.maxDepth} nested calls`
  host.reply(JSON.stringify({ code: 999, msg, details }))
  host.exit(1)
}
