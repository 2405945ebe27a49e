import type { Operation } from "../operation.ts"
import { type CallRule, factsOf } from "./call-facts.ts"
import { CHAIN_STEP_RULES } from "./chain-step-rules.ts"
import { ERROR_RULES } from "./error-rules.ts"
import { type Finding, type Rule, toFinding } from "./finding.ts"
import { LIFECYCLE_RULES, LifecycleChecker } from "./lifecycle-rules.ts"
import { OUTPUT_RULES } from "./output-rules.ts"
import { processRules } from "./process-rules.ts"
import { REQUEST_RULES } from "./request-rules.ts"
import { RESULT_RULES } from "./result-rules.ts"

/** Every rule about calls, by family. */
export const CALL_RULES: readonly Rule[] = [
  ...OUTPUT_RULES,
  ...ERROR_RULES,
  ...RESULT_RULES,
  ...CHAIN_STEP_RULES,
  ...REQUEST_RULES,
  ...processRules(0),
  ...Object.values(LIFECYCLE_RULES),
]

/**
 * Finds what is wrong in operations, which must come in the order they began. Memory holds what is known of each
 * attachment, no call.
 */
export class Linter {
  readonly #rules: readonly CallRule[]
  readonly #lives = new LifecycleChecker()

  /** `nowMs`: when the capture is looked at, for calls in flight; milliseconds since 1970 */
  constructor(nowMs: number) {
    this.#rules = [
      ...OUTPUT_RULES,
      ...ERROR_RULES,
      ...RESULT_RULES,
      ...CHAIN_STEP_RULES,
      ...REQUEST_RULES,
      ...processRules(nowMs),
    ]
  }

  /** In the order of the calls; of one call the rules in the order of their families. */
  check(operation: Operation): Finding[] {
    const found: Finding[] = []
    for (const facts of factsOf(operation)) {
      for (const rule of this.#rules)
        for (const hit of rule.check(facts)) found.push(toFinding(rule, facts.call, operation.id, hit))
      for (const finding of this.#lives.check(facts)) found.push(finding)
    }
    return [...found, ...this.#lives.checkList(operation)]
  }
}
