import { COMMANDS, isCommand } from "../../../cni/command.ts"
import { splitArgs } from "../../call.ts"
import type { CallRule } from "../call-facts.ts"
import type { CallHit } from "../finding.ts"
import { libcni, spec } from "../rule-source.ts"
import { isContainerId, isIfname } from "../valid-name.ts"

/** The environment that a runtime or a calling plugin sets. */
export const ENVIRONMENT_RULES: CallRule[] = [
  {
    id: "command-unknown",
    severity: "error",
    title: "unknown CNI_COMMAND",
    source: spec("2, Parameters"),
    remedy: "Call plugins with ADD, DEL, CHECK, GC, STATUS or VERSION.",
    check: ({ call }) => (isCommand(call.command) ? [] : [variableHit("CNI_COMMAND", call.command)]),
  },
  {
    id: "netns-missing",
    severity: "error",
    title: "ADD or CHECK without a network namespace",
    source: spec("2, Parameters"),
    remedy: "Set CNI_NETNS: the sandbox did not exist, or no longer existed, when the runtime called.",
    check: ({ call }) =>
      (call.command === "ADD" || call.command === "CHECK") && !call.netns
        ? [variableHit("CNI_NETNS", call.env.CNI_NETNS)]
        : [],
  },
  {
    id: "env-missing",
    severity: "error",
    title: "required environment variable is missing",
    source: libcni("pkg/skel/skel.go"),
    remedy: "Set it: plugins built with libcni's pkg/skel reject the call with code 4.",
    check: ({ call }) =>
      isCommand(call.command)
        ? COMMANDS[call.command].needs
            .filter((name) => name !== "CNI_NETNS" && !call.env[name])
            .map((name) => variableHit(name, call.env[name]))
        : [],
  },
  {
    id: "container-id-invalid",
    severity: "error",
    title: "container ID with invalid characters",
    source: spec("3, Attachment parameters"),
    remedy: "Use letters, digits, `_`, `.` and `-`; start with a letter or digit.",
    check: ({ call }) =>
      call.containerId && !isContainerId(call.containerId) ? [variableHit("CNI_CONTAINERID", call.containerId)] : [],
  },
  {
    id: "ifname-invalid",
    severity: "error",
    title: "interface name that Linux does not allow",
    source: spec("3, Attachment parameters"),
    remedy: "Use at most 15 characters, without `/`, `:` and white space.",
    check: ({ call }) =>
      call.ifname && call.command !== "VERSION" && !isIfname(call.ifname)
        ? [variableHit("CNI_IFNAME", call.ifname)]
        : [],
  },
  {
    id: "args-malformed",
    severity: "warning",
    title: "CNI_ARGS is not a list of KEY=value pairs",
    source: spec("2, Parameters"),
    remedy: "Write KEY=value pairs separated by semicolons.",
    check: ({ call }) =>
      splitArgs(call.env.CNI_ARGS ?? "")
        .filter((pair) => pair !== "" && pair.indexOf("=") < 1)
        .map((pair) => variableHit("CNI_ARGS", pair)),
  },
]

function variableHit(name: string, value: string | undefined): CallHit {
  const detail = value === undefined ? `${name} is not set` : value === "" ? `${name} is empty` : `${name}=${value}`
  return { detail, stream: "env", excerpt: value === undefined ? "" : `${name}=${value}` }
}
