import type { Operation } from "../operation.ts"
import { isKilledBySignal } from "./cause.ts"
import type { Conclusion } from "./conclusion.ts"
import type { FailingCall } from "./failing-call.ts"
import { clock } from "./known-errors/known-error.ts"
import { stepForKnownError } from "./known-errors/step-for-known-error.ts"
import { lastWorked } from "./plugin-lists.ts"
import { findingOfAnswer, sentenceOf } from "./refused-answer.ts"
import { concurrentDel } from "./related-operations.ts"
import type { ExplainContext, Statement } from "./statement.ts"
import { findingsAboutInput } from "./summary.ts"

/** The one thing to do next. */
export function nextStep(
  operation: Operation,
  conclusion: Conclusion,
  failing: FailingCall | undefined,
  context: ExplainContext,
): Statement[] {
  return [{ topic: "next step", text: stepAfter(operation, conclusion, failing, context) }]
}

function stepAfter(
  operation: Operation,
  conclusion: Conclusion,
  failing: FailingCall | undefined,
  context: ExplainContext,
): string {
  switch (conclusion.kind) {
    case "ok":
      return context.related.some(({ command, wallMs }) => command === "DEL" && wallMs > operation.wallMs) ||
        operation.command !== "ADD"
        ? `cnitap show ${operation.id}`
        : "CNI succeeded: check routes, network policy, DNS and the pod itself"
    case "slow":
      return `cnitap show ${operation.id}`
    case "not-found":
      return `install ${conclusion.plugin}, or remove it from ${context.node?.list?.file}`
    case "stopped-early":
      return "cnitap doctor"
    case "wrong":
      return `${conclusion.finding.plugin}: ${conclusion.finding.remedy}`
    case "shared-address":
      return `cnitap who-owns ${conclusion.ip}`
    case "refused":
      return (failing && stepFor(failing, context)) ?? refusedStep(failing, context)
    case "host-network":
      return "check why the runtime calls CNI for a pod with hostNetwork"
    case "given-up":
    case "runtime-gone":
      return logAt(operation)
    default:
      if (concurrentDel(operation, context)?.outcome === "ok") return "none: the other DEL has removed it"
      return failing
        ? (stepFor(failing, context) ??
            configurationStep(failing, context) ??
            `cnitap show ${failing.call.id}${compare(operation, context)}`)
        : "cnitap doctor"
  }
}

/** What the plugin has to change, as the finding about its answer says. */
function refusedStep(failing: FailingCall | undefined, context: ExplainContext): string {
  const finding = failing && findingOfAnswer(failing.call, context)
  return finding && failing ? `correct ${failing.call.plugin}: ${finding.remedy}` : `cnitap show ${failing?.call.id}`
}

/** What is wrong with the configuration that the call got, if it cannot work with it. */
function configurationStep({ call }: FailingCall, context: ExplainContext): string | undefined {
  const [finding] = findingsAboutInput(call, context).filter(({ severity }) => severity === "error")
  if (!finding) return undefined
  const where = context.node?.list?.file ?? `the configuration of ${call.plugin}`
  return `correct ${where}: ${sentenceOf(finding)}`
}

/** The runtime's log from shortly before the operation. */
function logAt({ runtime, wallMs }: Operation): string {
  const time = new Date(wallMs - 1000).toISOString().slice(0, 19).replace("T", " ")
  return runtime ? `journalctl -u ${runtime} --since "${time} UTC"` : `the container runtime's log from ${time} UTC on`
}

function compare({ id, command }: Operation, { list }: ExplainContext): string {
  const worked = lastWorked(command, list)
  return worked && worked !== id ? `, or compare with one that worked: cnitap diff ${id} ${worked}` : ""
}

function stepFor({ call, top }: FailingCall, context: ExplainContext): string | undefined {
  const lock = context.node?.waits.get(call.id)?.locks.find(({ holder }) => holder !== undefined)
  if (lock?.holder) return `ps -fp ${lock.holder.pid} (it holds the lock)`
  if (call.state === "running") {
    // The recorded process is the relay, whose child is the plugin, or the plugin itself.
    const plugin = call.as === "observer" ? call.pid : `$(pgrep -P ${call.pid})`
    return `cat /proc/${plugin}/stack, and the log of the service it waits for`
  }
  if (call.state === "killed" || top.state === "killed")
    return `check the log of ${call.plugin === "host-local" ? "the runtime" : `the service that ${call.plugin} calls`}, at ${clock(call)}`
  if (call.exit && "errno" in call.exit) return "cnitap doctor"
  if (isKilledBySignal(call)) {
    const step = `dmesg -T | grep -i oom (at ${clock(call)})`
    return call.as === "observer" ? `${step}, and the log of the service that ${call.plugin} calls` : step
  }
  return stepForKnownError(call, context)
}
