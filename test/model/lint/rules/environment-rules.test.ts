import type { Call } from "../../../../src/model/call.ts"
import { ENVIRONMENT_RULES } from "../../../../src/model/lint/rules/environment-rules.ts"
import type { CallProps } from "../../calls.ts"
import { plugin, testRules } from "../rule-cases.ts"

const withEnv = (env: Record<string, string>, more: CallProps = {}) => plugin("bridge", { env, ...more })
const FULL = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c", CNI_NETNS: "/n", CNI_IFNAME: "eth0", CNI_PATH: "/opt/cni/bin" }
/** A call with an empty CNI_NETNS, as the reader returns it. */
function withoutNetns(command: string): Call {
  const { netns: _netns, ...rest } = plugin("bridge", {
    command,
    env: { ...FULL, CNI_COMMAND: command, CNI_NETNS: "" },
  })
  return rest
}

testRules(ENVIRONMENT_RULES, {
  "command-unknown": {
    calls: [plugin("bridge", { command: "UPDATE", stdout: "" })],
    found: ["command-unknown bridge:env CNI_COMMAND=UPDATE"],
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
})
