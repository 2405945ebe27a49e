import { probeRole } from "../capture/probe-log.ts"
import { isRecorded, type RelayConfig, readRelayConfig } from "./config.ts"
import type { Host, PluginOutcome } from "./host.ts"
import { type CallNesting, MAX_DEPTH, NESTING_VARIABLE, nestingVariable, readNesting } from "./nesting.ts"
import { probe } from "./probe.ts"
import { beginRecord, endRecord, progressRecord, record } from "./recording.ts"

/** If the writer keeps stdin open longer than this, the plugin is started without waiting for the rest. */
const STDIN_WAIT_MS = 10

/**
 * One call, from start to end. The order is guaranteed: begin line, plugin, reply, end line. If anything fails on our
 * side, the plugin still runs and the runtime sees the same as without the relay.
 */
export function onCall(host: Host): void {
  const command = host.variable("CNI_COMMAND")
  const role = host.process.hasOriginal ? undefined : probeRole(host.process.name)
  if (role === undefined && command === undefined) {
    host.exec()
    return
  }
  const nesting = readNesting(host.variable(NESTING_VARIABLE))
  const config = configOf(host)
  if (role !== undefined) probe(host, role, config, nesting)
  else if (nesting.depth >= MAX_DEPTH) rejectLoop(host)
  else if (config === undefined || !host.readStdin(config.streamBytes, STDIN_WAIT_MS))
    host.exec(nestingVariable("", nesting.depth))
  else relayAndRecord(host, config, nesting)
}

function configOf(host: Host): RelayConfig | undefined {
  const config = readRelayConfig(host.readConfig())
  return config && isRecorded(config, host.wallMs(), host.variable("CNI_CONTAINERID")) ? config : undefined
}

function relayAndRecord(host: Host, config: RelayConfig, nesting: CallNesting): void {
  const id = host.randomId()
  const begin = beginRecord(host, config, id, "relay", nesting)
  if (!config.onlyFailures) record(host, config, begin)
  const report = config.onlyFailures ? undefined : () => record(host, config, progressRecord(host, config, id))
  host.relay(nestingVariable(id, nesting.depth), report)
  const outcome = host.outcome()
  if (config.onlyFailures && !isFailure(outcome)) return
  if (config.onlyFailures) record(host, config, begin)
  record(host, config, endRecord(host, config, id, outcome, begin.stdin !== undefined))
}

function isFailure({ errno, signal, code }: PluginOutcome): boolean {
  return errno !== 0 || signal !== 0 || code !== 0
}

function rejectLoop(host: Host): void {
  const msg = `cnitap: ${host.process.name} calls itself: ${MAX_DEPTH} nested calls`
  host.write(
    1,
    `${JSON.stringify({ code: 999, msg, details: `run "cnitap uninstall" and look at ${host.process.path}` })}`,
  )
  host.exit(1)
}
