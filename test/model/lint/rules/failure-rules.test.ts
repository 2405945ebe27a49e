import { FAILURE_RULES } from "../../../../src/model/lint/rules/failure-rules.ts"
import { plugin, testRules } from "../rule-cases.ts"

const ERROR = { cniVersion: "1.0.0", code: 100, msg: "no" }

testRules(FAILURE_RULES, {
  "error-with-exit-0": {
    calls: [plugin("bridge", { stdout: ` ${JSON.stringify(ERROR)}` })],
    found: ["error-with-exit-0 bridge:stdout:1 no"],
  },
  "result-with-failure": {
    calls: [plugin("bridge", { exit: { code: 1 } })],
    found: ["result-with-failure bridge:stdout:0 the error message will be empty"],
  },
  // Pain 6: azure#186.
  "failure-silent": {
    calls: [plugin("azure-vnet", { exit: { code: 2 }, stdout: "" })],
    found: ["failure-silent azure-vnet:exit exit 2"],
  },
  "failure-not-json": {
    calls: [plugin("bridge", { exit: { code: 1 }, stdout: "panic: oh\n" })],
    found: ["failure-not-json bridge:stdout:0 no error object"],
  },
  "failure-only-on-stderr": {
    calls: [plugin("bridge", { exit: { code: 1 }, stdout: "", stderr: "panic: oh\n" })],
    found: ["failure-only-on-stderr bridge:stderr:0 no error object"],
  },
  "error-on-stderr": {
    calls: [plugin("bridge", { exit: { code: 1 }, stdout: "", stderr: JSON.stringify(ERROR) })],
    found: ["error-on-stderr bridge:stderr:0 stdout is empty"],
  },
  "stderr-discarded": {
    calls: [plugin("bridge", { exit: { code: 1 }, stdout: ERROR, stderr: "why it failed\n" })],
    found: ["stderr-discarded bridge:stderr:0 14 bytes of stderr"],
    fine: [[plugin("bridge", { stderr: "a log line\n" })]],
  },
})
