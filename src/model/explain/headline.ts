import { age, duration, podName } from "../format.ts"
import type { Operation } from "../operation.ts"
import type { Conclusion } from "./conclusion.ts"
import { type FailingCall, nameOf } from "./failing-call.ts"
import { refusedText, wrongText } from "./refused-answer.ts"
import type { ExplainContext } from "./statement.ts"
import { whereText } from "./time-spent.ts"

/** The first line, which must be right on its own. */
export function headline(
  operation: Operation,
  conclusion: Conclusion,
  failing: FailingCall | undefined,
  context: ExplainContext,
): string {
  const { nowMs, abandoned } = context
  const { command, durationMs, wallMs, calls, runtime = "the runtime" } = operation
  const subject = `${command} ${podName(operation)}`.trim()
  const when = `${age(wallMs, nowMs)} ago`
  const where = failing ? ` in ${nameOf(failing)}` : ""
  switch (conclusion.kind) {
    case "ok":
      return `${subject} succeeded ${when}, in ${duration(durationMs)}`
    case "slow":
      return `${subject} succeeded ${when}, but took ${duration(durationMs)}: ${whereText(operation)}`
    case "running":
      return `${subject} is still running after ${duration(nowMs - wallMs)}${where}`
    case "killed":
      return `${subject} was killed before it ended${where} (began ${when})`
    case "unknown":
      return `${subject} has no recorded end (began ${when})`
    case "runtime-gone": {
      const others =
        abandoned > 0
          ? `, and that of ${abandoned} other ${abandoned === 1 ? "operation" : "operations"} at that time`
          : ""
      return `${subject} was abandoned ${when}: ${runtime} ended before it read the answer of ${failing?.top.plugin}${others}`
    }
    case "failed":
      return `${subject} failed ${when}${where}, after ${duration(durationMs)}`
    case "refused":
      return `${subject} failed ${when}: every plugin exited with 0, but ${refusedText(operation, failing)}`
    case "not-found":
      return `${subject} failed ${when}: no plugin failed, but the runtime did not find ${conclusion.plugin}, the next one of the list`
    case "stopped-early":
      return calls.every(({ call }) => call.as === "probe")
        ? `${subject} did not complete (began ${when})`
        : `${subject} stopped early ${when}: no plugin failed, but not every plugin of the list was called`
    case "wrong":
      return `${subject} ended ${when}: every plugin exited with 0, but ${wrongText(conclusion.finding)}`
    case "host-network":
      return `${subject} ended ${when}: every plugin exited with 0, but worked on the network of the node itself`
    case "given-up":
      return `${subject}: CNI succeeded ${when}, but ${runtime} gave up the sandbox ${duration(conclusion.afterMs)} later`
    case "shared-address":
      return `${subject} ended ${when}: every plugin exited with 0, but ${conclusion.ip} is also the address of ${podName(conclusion.other)} (network ${conclusion.other.network ?? "unknown"})`
  }
}
