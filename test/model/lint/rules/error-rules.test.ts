import { ERROR_RULES } from "../../../../src/model/lint/rules/error-rules.ts"
import type { CallProps } from "../../calls.ts"
import { plugin, testRules } from "../rule-cases.ts"

const failing = (error: object, more: CallProps = {}) =>
  plugin("bridge", { exit: { code: 1 }, stdout: ` ${JSON.stringify(error)}`, ...more })
const of = (code: unknown) => ({ cniVersion: "1.0.0", code, msg: "no" })

testRules(ERROR_RULES, {
  "error-code-missing": {
    calls: [failing({ cniVersion: "1.0.0", msg: "no" }), failing(of("11"), { containerId: "b" })],
    found: ["error-code-missing bridge:stdout:1 code is missing", "error-code-missing bridge:stdout:1 code is 11"],
  },
  "error-code-zero": {
    calls: [failing(of(0))],
    found: ["error-code-zero bridge:stdout:1 code is 0"],
  },
  "error-code-reserved": {
    calls: [failing(of(42))],
    found: ["error-code-reserved bridge:stdout:1 code is 42"],
    fine: [1, 2, 3, 4, 5, 6, 7, 8, 11, 100, 999].map((code) => [failing(of(code))]),
  },
  "error-code-of-status": {
    calls: [failing(of(50))],
    found: ["error-code-of-status bridge:stdout:1 code is 50"],
    fine: [[failing(of(51), { command: "STATUS", stdin: { cniVersion: "1.1.0", name: "pods" } })]],
  },
  "error-without-msg": {
    calls: [failing({ cniVersion: "1.0.0", code: 7, msg: " " })],
    found: ["error-without-msg bridge:stdout:1 msg is empty"],
  },
})
