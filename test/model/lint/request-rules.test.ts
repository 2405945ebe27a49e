import type { Call } from "../../../src/model/call.ts"
import { REQUEST_RULES } from "../../../src/model/lint/request-rules.ts"
import type { Said } from "../calls.ts"
import { config, plugin, RESULT, testRules } from "./rules.ts"

const asked = (stdin: unknown, more: Said = {}) => plugin("bridge", { stdin, ...more })
const withEnv = (env: Record<string, string>, more: Said = {}) => plugin("bridge", { env, ...more })
const FULL = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c", CNI_NETNS: "/n", CNI_IFNAME: "eth0", CNI_PATH: "/opt/cni/bin" }
/** As the reader sees an empty CNI_NETNS. */
function withoutNetns(command: string): Call {
  const { netns: _netns, ...rest } = plugin("bridge", {
    command,
    env: { ...FULL, CNI_COMMAND: command, CNI_NETNS: "" },
  })
  return rest
}
const gc = (more: object) => asked({ cniVersion: "1.1.0", name: "pods", type: "bridge", ...more }, { command: "GC" })

testRules(REQUEST_RULES, {
  "command-unknown": {
    calls: [plugin("bridge", { command: "UPDATE", stdout: "" })],
    found: ["command-unknown bridge:env CNI_COMMAND=UPDATE"],
  },
  "command-before-its-version": {
    calls: [plugin("bridge", { command: "STATUS" })],
    found: ["command-before-its-version bridge:stdin:1 STATUS is of 1.1.0, the list of 1.0.0"],
    fine: [[asked({ cniVersion: "1.1.0", name: "pods", type: "bridge" }, { command: "STATUS" })]],
  },
  // Pain 25: kubernetes#86944.
  "netns-missing": {
    calls: [withoutNetns("ADD")],
    found: ["netns-missing bridge:env CNI_NETNS is empty"],
    fine: [[withoutNetns("DEL")]],
  },
  "env-missing": {
    calls: [withEnv({ ...FULL, CNI_PATH: "", CNI_IFNAME: "" })],
    found: ["env-missing bridge:env CNI_IFNAME is empty", "env-missing bridge:env CNI_PATH is empty"],
  },
  "container-id-invalid": {
    calls: [plugin("bridge", { containerId: "-c/1" })],
    found: ["container-id-invalid bridge:env CNI_CONTAINERID=-c/1"],
    fine: [[plugin("bridge", { containerId: "a_b.c-d" })]],
  },
  "ifname-invalid": {
    calls: [plugin("bridge", { ifname: "abcdefghijklmnop" })],
    found: ["ifname-invalid bridge:env CNI_IFNAME=abcdefghijklmnop"],
  },
  "args-malformed": {
    calls: [withEnv({ ...FULL, CNI_ARGS: "IgnoreUnknown=1;oops;K8S_POD_NAME=a=b" })],
    found: ["args-malformed bridge:env CNI_ARGS=oops"],
  },
  "config-not-json": {
    calls: [asked('{"cniVersion":'), asked("", { containerId: "b", command: "DEL" })],
    found: ["config-not-json bridge:stdin:0 it cannot be parsed", "config-not-json bridge:stdin:0 stdin is empty"],
    fine: [[asked("", { command: "VERSION", stdout: { cniVersion: "1.0.0", supportedVersions: ["1.0.0"] } })]],
  },
  "config-without-name": {
    calls: [asked({ cniVersion: "1.0.0", type: "bridge" })],
    found: ["config-without-name bridge:stdin:0 the runtime called without it"],
  },
  // Pain 16: aci-containers#369; before 0.2.0 there is nothing that says its version.
  "config-without-version": {
    calls: [
      plugin("flannel", { durationMs: 30 }),
      asked(
        { name: "pods", type: "bridge" },
        { parent: "flannel", at: 2, durationMs: 3, stdout: { cniVersion: "0.1.0" } },
      ),
    ],
    found: ["config-without-version bridge:stdin:0 a delegate was called without it"],
  },
  "config-version-unknown": {
    calls: [asked(config({ cniVersion: "1.5.0" }), { stdout: { cniVersion: "1.0.0" } })],
    found: [
      "result-version-differs bridge:stdout:1 1.0.0, asked for 1.5.0",
      "config-version-unknown bridge:stdin:1 1.5.0",
    ],
  },
  "config-name-invalid": {
    calls: [asked(config({ name: "my net" }))],
    found: ["config-name-invalid bridge:stdin:22 my net"],
  },
  "config-type-differs": {
    calls: [asked(config({}, "antrea"))],
    found: ["config-type-differs bridge:stdin:36 antrea, executed as bridge"],
    // Antrea's agent calls host-local from where nobody records.
    fine: [[plugin("host-local", { stdin: config({ ipam: { type: "host-local" } }, "antrea") })]],
  },
  "config-duplicate-key": {
    calls: [asked('{"cniVersion":"1.0.0","name":"pods","type":"bridge","mtu":1,"mtu":2}')],
    found: ["config-duplicate-key bridge:stdin:60 /mtu"],
  },
  "runtime-config-undeclared": {
    calls: [asked(config({ capabilities: { portMappings: true }, runtimeConfig: { portMappings: [], mac: "x" } }))],
    found: ["runtime-config-undeclared bridge:stdin:89 mac"],
  },
  // Pain 21: cni#1101, cni#1103.
  "gc-attachments-missing": {
    calls: [gc({ "cni.dev/attachments": [] }), { ...gc({}), ifname: "net1" }],
    found: [
      "gc-attachments-missing bridge:stdin:0 only the old key is there",
      "gc-attachments-missing bridge:stdin:0 no list is there",
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
      { ...asked(config({ "cni.dev/x": 1 })), ifname: "net1" },
    ],
    found: ["reserved-key-in-request bridge:stdin:83 prevResult", "reserved-key-in-request bridge:stdin:52 cni.dev/x"],
  },
  "version-reply-malformed": {
    calls: [
      plugin("bridge", { command: "VERSION", stdout: "1.0.0" }),
      plugin("second", { command: "VERSION", stdout: { cniVersion: "1.0.0", supportedVersions: "1.0.0" } }),
      plugin("third", { command: "VERSION", stdout: { supportedVersions: ["1.0.0"] } }),
    ],
    found: [
      "version-reply-malformed bridge:stdout:0 no object",
      "version-reply-malformed second:stdout:0 supportedVersions is no list",
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
})
