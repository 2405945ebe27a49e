import type { Answer, Call } from "../call.ts"
import type { Finding } from "../lint/finding.ts"
import type { Operation } from "../operation.ts"
import type { FailingCall } from "./failing-call.ts"
import type { ExplainContext } from "./statement.ts"

/** Why the runtime failed an operation although every plugin exited with 0, as the end of a sentence. */
export function refusedText({ outcomeReason, ifname }: Operation, failing: FailingCall | undefined): string {
  const plugin = outcomeReason?.plugin ?? failing?.top.plugin ?? "one of them"
  switch (outcomeReason?.kind) {
    case "error-object":
      return `${plugin} answered with an error`
    case "interface-index":
    case "unknown-version":
    case "no-address":
      return `the runtime does not accept the answer of ${plugin}: ${PROBLEMS[outcomeReason.kind](ifname)}`
    default:
      return `the runtime cannot parse the output of ${plugin}`
  }
}

type RefusedAnswer = Exclude<Answer, "result" | "unreadable" | "error-object">

const PROBLEMS: Readonly<Record<RefusedAnswer, (ifname: string | undefined) => string>> = {
  "interface-index": () => "an address is on an interface that is not listed",
  "unknown-version": () => "no runtime knows its cniVersion",
  "no-address": (ifname) => `no address for ${ifname ?? "the pod's interface"}`,
}

/** The finding that says exactly what the runtime does not accept in an answer. */
export function findingOfAnswer(call: Call, { findings }: Pick<ExplainContext, "findings">): Finding | undefined {
  const own = findings.filter(({ severity, evidence }) => severity === "error" && evidence.call === call.id)
  const rule = RULES[call.answer ?? ""]
  return own.find((finding) => finding.rule === rule) ?? (call.answer === "no-address" ? undefined : own[0])
}

const RULES: Readonly<Record<string, string>> = {
  "interface-index": "ip-interface-index",
  "unknown-version": "result-version-unknown",
}

/** `idxcni's answer is wrong: gateway is not an IP address (10.1.2)` */
export function wrongText(finding: Finding): string {
  const { plugin, evidence } = finding
  const sentence = sentenceOf(finding)
  if (evidence.stream === "stdout") return `${plugin}'s answer is wrong: ${sentence}`
  if (evidence.stream === "stdin" || evidence.stream === "env") return `what ${plugin} was given is wrong: ${sentence}`
  return `${plugin}: ${sentence}`
}

/** What a finding states, without its rule. */
export function sentenceOf({ title, detail }: Finding): string {
  return detail ? `${title} (${detail})` : title
}
