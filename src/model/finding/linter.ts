import type { Operation } from "../operation.ts"
import { ERROR_RULES } from "./error.ts"
import { type CallRule, factsOf } from "./facts.ts"
import { type Finding, type Rule, toFinding } from "./finding.ts"
import { HOP_RULES } from "./hop.ts"
import { LIFE_RULES, Lives } from "./life.ts"
import { OUTPUT_RULES } from "./output.ts"
import { processRules } from "./process.ts"
import { REQUEST_RULES } from "./request.ts"
import { RESULT_RULES } from "./result.ts"

/** Every rule about calls, by family. */
export const RULES: readonly Rule[] = [
  ...OUTPUT_RULES,
  ...ERROR_RULES,
  ...RESULT_RULES,
  ...HOP_RULES,
  ...REQUEST_RULES,
  ...processRules(0),
  ...Object.values(LIFE_RULES),
]

/**
 * Finds what is wrong in operations, which must come in the order they began. Memory holds what is known of each
 * attachment, no call.
 */
export class Linter {
  readonly #rules: readonly CallRule[]
  readonly #lives = new Lives()

  /** `nowMs`: when the capture is looked at, for calls in flight; milliseconds since 1970 */
  constructor(nowMs: number) {
    this.#rules = [
      ...OUTPUT_RULES,
      ...ERROR_RULES,
      ...RESULT_RULES,
      ...HOP_RULES,
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
