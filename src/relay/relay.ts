import { readRelayConfig } from "./config.ts"
import type { Host } from "./host.ts"
import { beginRecord, endRecord, record } from "./journal.ts"
import { MAX_DEPTH, NESTING_VARIABLE, nestingVariable, readNesting } from "./nesting.ts"
import { probe, probeOf } from "./probe.ts"
import { variable } from "./variable.ts"

/** How long a writer may keep stdin open before the plugin is started without waiting for the rest. */
const STDIN_WAIT_MS = 10

/**
 * One call, from start to end. The order is the promise: begin line, plugin, reply, end line; and whatever goes
 * wrong on our side, the plugin runs and the runtime sees what it would have seen without us.
 */
export function onCall(host: Host): void {
  const command = variable(host, "CNI_COMMAND")
  const role = host.process.hasOriginal ? undefined : probeOf(host.process.name)
  if (role === undefined && command === undefined) return host.exec()

  const config = readRelayConfig(host.readConfig())
  const nesting = readNesting(variable(host, NESTING_VARIABLE))
  if (role !== undefined) return probe(host, role, config, nesting)
  if (nesting.depth >= MAX_DEPTH) return refuseLoop(host)
  if (config === undefined) return host.exec(nestingVariable("", nesting.depth))
  if (!host.readStdin(config.streamBytes, STDIN_WAIT_MS)) return host.exec(nestingVariable("", nesting.depth))

  const id = host.randomId()
  const begin = beginRecord(host, config, id, "relay", nesting)
  record(host, config, begin)
  host.relay(nestingVariable(id, nesting.depth))
  record(host, config, endRecord(host, config, id, host.outcome(), begin.stdin !== undefined))
}

function refuseLoop(host: Host): void {
  const msg = `cnitap: ${host.process.name} calls itself: ${MAX_DEPTH} nested calls`
  host.write(
    1,
    `${JSON.stringify({ code: 999, msg, details: `run "cnitap uninstall" and look at ${host.process.path}` })}`,
  )
  host.exit(1)
}
