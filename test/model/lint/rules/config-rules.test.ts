import { CONFIG_RULES } from "../../../../src/model/lint/rules/config-rules.ts"
import type { CallProps } from "../../calls.ts"
import { config, plugin, RESULT, testRules } from "../rule-cases.ts"

const withConfig = (stdin: unknown, more: CallProps = {}) => plugin("bridge", { stdin, ...more })
const gc = (more: object) =>
  withConfig({ cniVersion: "1.1.0", name: "pods", type: "bridge", ...more }, { command: "GC" })

testRules(CONFIG_RULES, {
  "command-before-its-version": {
    calls: [plugin("bridge", { command: "STATUS" })],
    found: ["command-before-its-version bridge:stdin:1 STATUS requires 1.1.0, cniVersion is 1.0.0"],
    fine: [[withConfig({ cniVersion: "1.1.0", name: "pods", type: "bridge" }, { command: "STATUS" })]],
  },
  "config-not-json": {
    calls: [withConfig('{"cniVersion":'), withConfig("", { containerId: "b", command: "DEL" })],
    found: ["config-not-json bridge:stdin:0 it cannot be parsed", "config-not-json bridge:stdin:0 stdin is empty"],
    fine: [[withConfig("", { command: "VERSION", stdout: { cniVersion: "1.0.0", supportedVersions: ["1.0.0"] } })]],
  },
  "config-without-name": {
    calls: [withConfig({ cniVersion: "1.0.0", type: "bridge" })],
    found: ["config-without-name bridge:stdin:0 missing in the runtime's call"],
  },
  // Pain 16: aci-containers#369; results before 0.2.0 do not state their version.
  "config-without-version": {
    calls: [
      plugin("flannel", { durationMs: 30 }),
      withConfig(
        { name: "pods", type: "bridge" },
        { parent: "flannel", at: 2, durationMs: 3, stdout: { cniVersion: "0.1.0" } },
      ),
    ],
    found: ["config-without-version bridge:stdin:0 missing in the call of a delegate"],
  },
  "config-version-unknown": {
    calls: [withConfig(config({ cniVersion: "1.5.0" }), { stdout: { cniVersion: "1.0.0" } })],
    found: [
      "result-version-differs bridge:stdout:1 1.0.0 instead of 1.5.0",
      "config-version-unknown bridge:stdin:1 1.5.0",
    ],
  },
  "config-name-invalid": {
    calls: [withConfig(config({ name: "my net" }))],
    found: ["config-name-invalid bridge:stdin:22 my net"],
  },
  "config-type-differs": {
    calls: [withConfig(config({}, "antrea"))],
    found: ["config-type-differs bridge:stdin:36 antrea, executed as bridge"],
    // Antrea's agent calls host-local from a place where nothing is recorded.
    fine: [[plugin("host-local", { stdin: config({ ipam: { type: "host-local" } }, "antrea") })]],
  },
  "config-duplicate-key": {
    calls: [withConfig('{"cniVersion":"1.0.0","name":"pods","type":"bridge","mtu":1,"mtu":2}')],
    found: ["config-duplicate-key bridge:stdin:60 /mtu"],
  },
  "runtime-config-undeclared": {
    calls: [
      withConfig(config({ capabilities: { portMappings: true }, runtimeConfig: { portMappings: [], mac: "x" } })),
    ],
    found: ["runtime-config-undeclared bridge:stdin:89 mac"],
  },
  // Pain 21: cni#1101, cni#1103.
  "gc-attachments-missing": {
    calls: [gc({ "cni.dev/attachments": [] }), { ...gc({}), ifname: "net1" }],
    found: [
      "gc-attachments-missing bridge:stdin:0 only the old key is present",
      "gc-attachments-missing bridge:stdin:0 the list is missing",
    ],
    fine: [[gc({ "cni.dev/valid-attachments": [] })]],
  },
  "gc-attachment-malformed": {
    calls: [gc({ "cni.dev/valid-attachments": [{ containerID: "a", ifname: "eth0" }, { containerID: "b" }] })],
    found: ["gc-attachment-malformed bridge:stdin:52 1 of 2"],
  },
  "reserved-key-in-request": {
    calls: [
      gc({ "cni.dev/valid-attachments": [], prevResult: RESULT }),
      { ...withConfig(config({ "cni.dev/x": 1 })), ifname: "net1" },
    ],
    found: ["reserved-key-in-request bridge:stdin:83 prevResult", "reserved-key-in-request bridge:stdin:52 cni.dev/x"],
  },
})
