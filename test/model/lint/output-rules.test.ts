import { OUTPUT_RULES } from "../../../src/model/lint/output-rules.ts"
import { plugin, RESULT, testRules } from "./rules.ts"

const JSON_TEXT = JSON.stringify(RESULT)
const ERROR = { cniVersion: "1.0.0", code: 100, msg: "no" }

testRules(OUTPUT_RULES, {
  // Pain 3: cni#571, kubernetes#66481.
  "stdout-two-documents": {
    calls: [plugin("azure", { exit: { code: 1 }, stdout: `{"cniVersion":"1.0.0"}\n${JSON.stringify(ERROR)}` })],
    found: ["stdout-two-documents azure:stdout:23 a second document follows the first"],
    fine: [[plugin("azure", { stdout: `\n ${JSON_TEXT}\n\n` })]],
  },
  // Pain 4: aws#1248.
  "stdout-text-before-json": {
    calls: [plugin("aws-cni", { stdout: `é: adding\n${JSON_TEXT}` })],
    found: ["stdout-text-before-json aws-cni:stdout:0 the JSON begins after 10 characters"],
  },
  "stdout-text-after-json": {
    calls: [plugin("bridge", { stdout: `{"cniVersion":"1.0.0","dns":{"search":["é"]}}\ndone` })],
    found: ["stdout-text-after-json bridge:stdout:47 a parser stops at it"],
  },
  // Pain 2: cni#670.
  "stdout-cut-off": {
    calls: [plugin("bridge", { stdout: '{"cniVersion":"1.0.0","ips":[{"addr' })],
    found: ["stdout-cut-off bridge:stdout:35 it is never closed"],
  },
  "stdout-not-json": {
    calls: [plugin("bridge", { stdout: "all is well\n" })],
    found: ["stdout-not-json bridge:stdout:0 no document in it"],
    fine: [[plugin("bridge", { command: "CHECK", stdout: "OK" })]],
  },
  "stdout-not-object": {
    calls: [plugin("bridge", { stdout: " [1]" })],
    found: ["stdout-not-object bridge:stdout:1 it is [1]"],
  },
  "stdout-binary": {
    calls: [{ ...plugin("bridge"), stdout: { sizeBytes: 3, base64: "/wAB" } }],
    found: ["stdout-binary bridge:stdout 3 bytes"],
  },
  // Pain 5: cilium#7978.
  "add-no-result": {
    calls: [plugin("cilium-cni", { stdout: " \n" })],
    found: ["add-no-result cilium-cni:stdout:0 exit 0, and nothing on stdout"],
    fine: [
      [plugin("cilium-cni", { command: "DEL", stdout: "" })],
      [plugin("cilium-cni", { stdout: "", exit: { code: 1 } })],
    ],
  },
  "error-with-exit-0": {
    calls: [plugin("bridge", { stdout: ` ${JSON.stringify(ERROR)}` })],
    found: ["error-with-exit-0 bridge:stdout:1 no"],
  },
  "result-with-failure": {
    calls: [plugin("bridge", { exit: { code: 1 } })],
    found: ["result-with-failure bridge:stdout:0 the failure's message will be empty"],
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
  "stderr-thrown-away": {
    calls: [plugin("bridge", { exit: { code: 1 }, stdout: ERROR, stderr: "why it failed\n" })],
    found: ["stderr-thrown-away bridge:stderr:0 14 bytes of stderr"],
    fine: [[plugin("bridge", { stderr: "a log line\n" })]],
  },
  "del-prints": {
    calls: [plugin("bridge", { command: "DEL", stdout: "{}" })],
    found: ["del-prints bridge:stdout:0"],
  },
  "check-prints": {
    calls: [
      plugin("calico", {
        command: "CHECK",
        stdin: { cniVersion: "1.0.0", name: "pods", prevResult: RESULT },
        stdout: "OK",
      }),
    ],
    found: ["check-prints calico:stdout:0"],
  },
  "status-prints": {
    calls: [plugin("bridge", { command: "STATUS", stdin: { cniVersion: "1.1.0", name: "pods" }, stdout: "ready" })],
    found: ["status-prints bridge:stdout:0"],
  },
  "stdout-duplicate-key": {
    calls: [plugin("bridge", { stdout: '{"cniVersion":"1.0.0","dns":{"domain":"a","domain":"b"}}' })],
    found: ["stdout-duplicate-key bridge:stdout:42 /dns/domain"],
    fine: [[plugin("bridge", { stdout: '{"cniVersion":"1.0.0","a":{"k":1},"b":{"k":1}}' })]],
  },
  // Pain 46: calico's cni-plugin#360 and CVE-2026-41184.
  "secret-in-output": {
    calls: [
      {
        ...plugin("calico", { stderr: "conf {k8s_auth_token:[redacted]}" }),
        stderr: { sizeBytes: 40, text: "x", redacted: ["text"] },
      },
      plugin("raw", { at: 20, command: "DEL", stderr: '{"k8s_auth_token":"hunter2-hunter2-hunter2"}' }),
    ],
    found: ["secret-in-output calico:stderr at text", "secret-in-output raw:stderr at /k8s_auth_token"],
    // Calico logs the endpoint with every ADD; annotations are the pod's.
    fine: [
      [plugin("calico", { stderr: 'endpoint={Labels:map[app:web], Annotations:map[string]string{"a":"b"}}' })],
      [plugin("multus", { stderr: '{"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a":"b"}}}' })],
      [
        {
          ...plugin("calico"),
          stderr: { sizeBytes: 40, text: "endpoint={Annotations:[redacted], Owner:x}", redacted: ["text"] },
        },
      ],
    ],
  },
})
