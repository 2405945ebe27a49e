import type { Answer, Call } from "../call.ts"
import type { Finding } from "../lint/finding.ts"
import type { Operation } from "../operation.ts"
import type { FailingCall } from "./failing-call.ts"
import type { ExplainContext } from "./statement.ts"

/** Why the runtime failed an operation of which every plugin exited with 0, as the end of a sentence. */
export function refusedText(
  { outcomeReason, ifname }: Operation,
  failing: FailingCall | undefined,
  context: ExplainContext,
): string {
  const plugin = outcomeReason?.plugin ?? failing?.top.plugin ?? "one of them"
  switch (outcomeReason?.kind) {
    case "error-object":
      return `${plugin} answered with an error`
    case "interface-index":
    case "unknown-version":
    case "no-address": {
      const detail = detailOf(outcomeReason.kind, failing?.call, context)
      return `the runtime does not accept the answer of ${plugin}: ${PROBLEMS[outcomeReason.kind](ifname)}${detail}`
    }
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

const RULES: Readonly<Partial<Record<RefusedAnswer, string>>> = {
  "interface-index": "ip-interface-index",
  "unknown-version": "result-version-unknown",
}

function detailOf(kind: RefusedAnswer, call: Call | undefined, { findings }: ExplainContext): string {
  const finding = findings.find(({ rule, evidence }) => rule === RULES[kind] && evidence.call === call?.id)
  return finding?.detail ? ` (${finding.detail})` : ""
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
