import type { Operation } from "../operation.ts"
import { type CallFacts, type CallRule, factsOf } from "./call-facts.ts"
import { ConfigurationChecker } from "./configuration-checker.ts"
import { type CallHit, type Finding, type Rule, toFinding } from "./finding.ts"
import { LifecycleChecker } from "./lifecycle-checker.ts"
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

/**
 * Checks operations, which must come in the order they began. Memory holds what the lifecycle rules need of each
 * attachment, no calls.
 */
export class Linter {
  readonly #rules: readonly CallRule[]
  readonly #configurations = new ConfigurationChecker()
  readonly #lifecycle = new LifecycleChecker()

  /** `nowMs`: the time at which the capture is read, for calls in flight; milliseconds since 1970. */
  constructor(nowMs: number) {
    this.#rules = rulesAt(nowMs)
  }

  /** Findings in the order of the calls; for each call, in the order of `CALL_RULES`. */
  check(operation: Operation): Finding[] {
    const found: Finding[] = []
    for (const facts of factsOf(operation)) {
      for (const { rule, hit } of this.#hitsOf(facts)) found.push(toFinding(rule, facts.call, operation.id, hit))
      for (const finding of this.#lifecycle.check(facts)) found.push(finding)
    }
    return [...found, ...this.#lifecycle.checkList(operation)]
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
