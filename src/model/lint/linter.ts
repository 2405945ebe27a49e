import { LEDGER_FACTS_IN_STREAMS } from "../ledger/ledger-facts.ts"
import { type Operation, walk } from "../operation.ts"
import { type CallDigest, digestOf } from "./call-digest.ts"
import { type CallFacts, type CallRule, factsOf } from "./call-facts.ts"
import { ConfigurationChecker } from "./configuration-checker.ts"
import { type CallHit, type Finding, type Rule, toFinding } from "./finding.ts"
import { LifecycleChecker, type WholeCall } from "./lifecycle-checker.ts"
import { CHAIN_STEP_RULES } from "./rules/chain-step-rules.ts"
import { CONFIG_RULES } from "./rules/config-rules.ts"
import { ENVIRONMENT_RULES } from "./rules/environment-rules.ts"
import { ERROR_RULES } from "./rules/error-rules.ts"
import { FAILURE_RULES } from "./rules/failure-rules.ts"
import { LIFECYCLE_RULES } from "./rules/lifecycle-rules.ts"
import { OUTPUT_RULES } from "./rules/output-rules.ts"
import { processRules } from "./rules/process-rules.ts"
import { REJECTION_RULES } from "./rules/rejection-rules.ts"
import { RESULT_RULES } from "./rules/result-rules.ts"

/** The rules about recorded calls, by family. */
export const CALL_RULES: readonly Rule[] = [...rulesAt(0), ...Object.values(LIFECYCLE_RULES)]

/** What the rules find in one call, whatever other operations did, and what remains of its streams for the other rules. */
export type CallCheck = {
  findings: readonly Finding[]
  digest: CallDigest
  /** addresses in the result of an ADD */
  ips: readonly string[]
}

/** Checks operations one by one, in any order. */
export class CallChecker {
  readonly #rules: readonly CallRule[]
  readonly #configurations = new ConfigurationChecker()

  /** `nowMs`: the time at which the capture is read, for calls in flight; milliseconds since 1970. */
  constructor(nowMs: number) {
    this.#rules = rulesAt(nowMs)
  }

  /** One for each call, in tree order; findings in the order of `CALL_RULES`. */
  check(operation: Operation): CallCheck[] {
    return factsOf(operation).map((facts) => ({
      findings: this.#hitsOf(facts).map(({ rule, hit }) => toFinding(rule, facts.call, operation.id, hit)),
      digest: digestOf(facts),
      ips: facts.call.command === "ADD" ? LEDGER_FACTS_IN_STREAMS.ips(facts.call) : [],
    }))
  }

  /** Without those that follow from another one. */
  #hitsOf(facts: CallFacts): RuleHit[] {
    const hits: RuleHit[] = []
    for (const rule of this.#rules) for (const hit of rule.check(facts)) hits.push({ rule, hit })
    for (const hit of this.#configurations.check(facts)) hits.push(hit)
    if (hits.length < 2) return hits
    return hits.filter(({ rule }) => !rule.follows?.some((id) => hits.some((other) => other.rule.id === id)))
  }
}

/**
 * Checks operations, which must come in the order they began. Memory holds what the lifecycle rules need of each
 * attachment, no calls.
 */
export class Linter {
  readonly #calls: CallChecker
  readonly #lifecycle: LifecycleChecker

  /** `nowMs`: as in `CallChecker`. `whole`: reads the streams of the calls of operations that are added without. */
  constructor(nowMs: number, whole: WholeCall = (call) => call) {
    this.#calls = new CallChecker(nowMs)
    this.#lifecycle = new LifecycleChecker(whole)
  }

  /** Findings in the order of the calls. `checks`: what `CallChecker` returned, if the operation has no streams. */
  check(operation: Operation, checks: readonly CallCheck[] = this.#calls.check(operation)): Finding[] {
    const found: Finding[] = []
    const callers: string[] = []
    let at = 0
    for (const { call, level } of walk(operation.calls)) {
      const check = checks[at++]
      if (!check) throw new RangeError(`no check of call ${call.id}`)
      const caller = level === 0 ? undefined : callers[level - 1]
      callers[level] = call.plugin
      for (const finding of check.findings) found.push(finding)
      const { digest, ips } = check
      for (const finding of this.#lifecycle.check({ operation, call, level, caller, digest, ips })) found.push(finding)
    }
    return [...found, ...this.#lifecycle.checkList(operation)]
  }

  /** Forgets the attachments that this DEL deleted. */
  forgetDeleted({ command, calls }: Operation): void {
    if (command === "DEL") for (const { call } of walk(calls)) this.#lifecycle.forgetDeleted(call)
  }
}

type RuleHit = { rule: Rule; hit: CallHit }

function rulesAt(nowMs: number): CallRule[] {
  return [
    ...OUTPUT_RULES,
    ...FAILURE_RULES,
    ...ERROR_RULES,
    ...RESULT_RULES,
    ...CHAIN_STEP_RULES,
    ...ENVIRONMENT_RULES,
    ...CONFIG_RULES,
    ...REJECTION_RULES,
    ...processRules(nowMs),
  ]
}
