import { OUTPUT_RULES } from "../../../../src/model/lint/rules/output-rules.ts"
import { plugin, RESULT, testRules } from "../rule-cases.ts"

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
    found: ["stdout-text-before-json aws-cni:stdout:0 the JSON starts after 10 characters"],
  },
  "stdout-text-after-json": {
    calls: [plugin("bridge", { stdout: `{"cniVersion":"1.0.0","dns":{"search":["é"]}}\ndone` })],
    found: ["stdout-text-after-json bridge:stdout:47 JSON parsers reject it"],
  },
  // Pain 2: cni#670.
  "stdout-incomplete": {
    calls: [plugin("bridge", { stdout: '{"cniVersion":"1.0.0","ips":[{"addr' })],
    found: ["stdout-incomplete bridge:stdout:35 the document is never closed"],
  },
  "stdout-not-json": {
    calls: [plugin("bridge", { stdout: "all is well\n" })],
    found: ["stdout-not-json bridge:stdout:0 no JSON document found"],
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
    found: ["add-no-result cilium-cni:stdout:0 exit 0, and stdout is empty"],
    fine: [
      [plugin("cilium-cni", { command: "DEL", stdout: "" })],
      [plugin("cilium-cni", { stdout: "", exit: { code: 1 } })],
    ],
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
  "version-reply-malformed": {
    calls: [
      plugin("bridge", { command: "VERSION", stdout: "1.0.0" }),
      plugin("second", { command: "VERSION", stdout: { cniVersion: "1.0.0", supportedVersions: "1.0.0" } }),
      plugin("third", { command: "VERSION", stdout: { supportedVersions: ["1.0.0"] } }),
    ],
    found: [
      "version-reply-malformed bridge:stdout:0 not a JSON object",
      "version-reply-malformed second:stdout:0 supportedVersions is not a list of versions",
      "version-reply-malformed third:stdout:0 cniVersion is missing",
    ],
    fine: [
      [
        plugin("bridge", {
          command: "VERSION",
          stdout: { cniVersion: "1.0.0", supportedVersions: ["0.4.0", "1.0.0"] },
        }),
      ],
    ],
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
    // Calico logs the endpoint with every ADD; annotations are not the plugin's secrets.
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
