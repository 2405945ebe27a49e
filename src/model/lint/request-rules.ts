import { COMMANDS, isCommand } from "../../cni/command.ts"
import { isObject } from "../../cni/json.ts"
import { SPEC_VERSIONS } from "../../cni/version.ts"
import { type CallFacts, type CallRule, isAtLeast, isReleased, objects, text, wholeText } from "./call-facts.ts"
import { duplicateKeys } from "./duplicate-key.ts"
import type { CallHit } from "./finding.ts"
import { issue, libcni, spec } from "./rule-source.ts"
import { isContainerId, isIfname, isNetworkName } from "./valid-name.ts"

/** What a runtime or a calling plugin gives: environment and configuration. */
export const REQUEST_RULES: CallRule[] = [
  {
    id: "command-unknown",
    severity: "error",
    title: "CNI_COMMAND that no specification knows",
    source: spec("2, Parameters"),
    remedy: "Call plugins with ADD, DEL, CHECK, GC, STATUS or VERSION.",
    check: ({ call }) => (isCommand(call.command) ? [] : [env("CNI_COMMAND", call.command)]),
  },
  {
    id: "command-before-its-version",
    severity: "warning",
    title: "a command that the configuration's version does not have",
    source: spec("2, Parameters"),
    remedy: "Raise `cniVersion` of the list, or do not send the command.",
    check: ({ call, config, version }) => {
      if (!config || !isCommand(call.command) || call.command === "VERSION" || !isReleased(version)) return []
      const { since } = COMMANDS[call.command]
      return isAtLeast(version, since)
        ? []
        : [
            {
              detail: `${call.command} is of ${since}, the list of ${version}`,
              stream: "stdin",
              at: at(call.stdin, `"cniVersion"`),
            },
          ]
    },
  },
  {
    id: "netns-missing",
    severity: "error",
    title: "ADD or CHECK without a network namespace",
    source: spec("2, Parameters"),
    remedy: "Set CNI_NETNS: the sandbox was gone or never made when the runtime called.",
    check: ({ call }) =>
      (call.command === "ADD" || call.command === "CHECK") && !call.netns ? [env("CNI_NETNS", call.env.CNI_NETNS)] : [],
  },
  {
    id: "env-missing",
    severity: "error",
    title: "a variable that every plugin insists on is missing",
    source: libcni("pkg/skel/skel.go"),
    remedy: "Set it: plugins built on libcni refuse the call with code 4.",
    check: ({ call }) =>
      isCommand(call.command)
        ? COMMANDS[call.command].needs
            .filter((name) => name !== "CNI_NETNS" && !call.env[name])
            .map((name) => env(name, call.env[name]))
        : [],
  },
  {
    id: "container-id-invalid",
    severity: "error",
    title: "a container ID with characters that it may not have",
    source: spec("3, Attachment parameters"),
    remedy: "Use letters, digits, `_`, `.` and `-`, beginning with a letter or digit.",
    check: ({ call }) =>
      call.containerId && !isContainerId(call.containerId) ? [env("CNI_CONTAINERID", call.containerId)] : [],
  },
  {
    id: "ifname-invalid",
    severity: "error",
    title: "an interface name that Linux cannot have",
    source: spec("3, Attachment parameters"),
    remedy: "Use at most 15 characters without `/`, `:` and blanks.",
    check: ({ call }) =>
      call.ifname && call.command !== "VERSION" && !isIfname(call.ifname) ? [env("CNI_IFNAME", call.ifname)] : [],
  },
  {
    id: "args-malformed",
    severity: "warning",
    title: "CNI_ARGS that are not pairs",
    source: spec("2, Parameters"),
    remedy: "Write KEY=value pairs separated by semicolons.",
    check: ({ call }) =>
      (call.env.CNI_ARGS ?? "")
        .split(";")
        .filter((pair) => pair !== "" && pair.indexOf("=") < 1)
        .map((pair) => env("CNI_ARGS", pair)),
  },
  {
    id: "config-not-json",
    severity: "error",
    title: "the configuration on stdin is no JSON object",
    source: spec("2, Parameters"),
    remedy: "Look at what called the plugin: it must write one JSON object and close stdin.",
    check: ({ call, config }) => {
      const stdin = wholeText(call.stdin)
      if (call.command === "VERSION" || !isCommand(call.command) || stdin === undefined || config) return []
      return [{ detail: stdin.trim() === "" ? "stdin is empty" : "it cannot be parsed", stream: "stdin", at: 0 }]
    },
  },
  {
    id: "config-without-name",
    severity: "error",
    title: "a configuration without a network name",
    source: spec("3, Deriving request configuration"),
    remedy: "Give delegates the `name` of the network too: IPAM plugins key their store by it.",
    check: (facts) => lacks(facts, "name"),
  },
  {
    id: "config-without-version",
    severity: "warning",
    title: "a configuration without cniVersion",
    source: spec("3, Deriving request configuration"),
    remedy: "Give delegates `cniVersion` too: without it they answer in the format of 0.1.0.",
    check: (facts) => lacks(facts, "cniVersion"),
  },
  {
    id: "config-version-unknown",
    severity: "error",
    title: "a configuration of a version that was never released",
    source: spec("1, Configuration format"),
    remedy: `Use one of ${SPEC_VERSIONS.join(", ")}.`,
    check: ({ call, config, version }) =>
      config && call.command !== "VERSION" && typeof config.cniVersion === "string" && !isReleased(version)
        ? [{ detail: version, stream: "stdin", at: at(call.stdin, `"cniVersion"`) }]
        : [],
  },
  {
    id: "config-name-invalid",
    severity: "error",
    title: "a network name with characters that it may not have",
    source: spec("1, Configuration format"),
    remedy: "Use letters, digits, `_`, `.` and `-`: the name becomes a part of file names.",
    check: ({ call, config }) =>
      typeof config?.name === "string" && config.name !== "" && !isNetworkName(config.name)
        ? [{ detail: config.name, stream: "stdin", at: at(call.stdin, `"name"`) }]
        : [],
  },
  {
    id: "config-type-differs",
    severity: "note",
    title: "the configuration's type is not the plugin that was executed",
    source: spec("1, Configuration format"),
    remedy: "Look for a link or a wrapper: plugins such as Antrea's refuse another type than their own.",
    check: ({ call, config, level }) =>
      level === 0 &&
      call.as === "relay" &&
      typeof config?.type === "string" &&
      config.type !== call.plugin &&
      // An IPAM plugin is given its caller's configuration, whether that was recorded or not.
      !(isObject(config.ipam) && config.ipam.type === call.plugin)
        ? [{ detail: `${config.type}, executed as ${call.plugin}`, stream: "stdin", at: at(call.stdin, `"type"`) }]
        : [],
  },
  {
    id: "config-duplicate-key",
    severity: "warning",
    title: "a key comes twice in one object on stdin",
    source: spec("1, Configuration format"),
    remedy: "Write each key once: parsers differ in which of the two they take.",
    check: ({ call, config }) => {
      const stdin = wholeText(call.stdin)
      if (!config || stdin === undefined) return []
      return duplicateKeys(stdin).map(({ pointer, at }) => ({ detail: pointer, stream: "stdin", at }))
    },
  },
  {
    id: "runtime-config-undeclared",
    severity: "warning",
    title: "runtimeConfig with a key that the plugin did not ask for",
    source: spec("3, Deriving request configuration"),
    remedy: "Declare it under `capabilities` of the plugin, or do not send it.",
    check: ({ call, config, level }) => {
      // Delegates get the caller's runtimeConfig without its capabilities (flannel, Multus).
      if (level > 0 || !isObject(config?.runtimeConfig)) return []
      const declared = isObject(config.capabilities) ? config.capabilities : {}
      return Object.keys(config.runtimeConfig)
        .filter((key) => declared[key] !== true)
        .map((key) => ({ detail: key, stream: "stdin", at: at(call.stdin, `"runtimeConfig"`) }))
    },
  },
  {
    id: "gc-attachments-missing",
    severity: "error",
    title: "GC without the list of valid attachments",
    source: issue("containernetworking/cni#1101"),
    remedy: "Send `cni.dev/valid-attachments`; libcni before 1.2.3 sent `cni.dev/attachments` only.",
    check: ({ call, config }) =>
      call.command === "GC" && config && !Array.isArray(config["cni.dev/valid-attachments"])
        ? [
            {
              detail: "cni.dev/attachments" in config ? "only the old key is there" : "no list is there",
              stream: "stdin",
              at: 0,
            },
          ]
        : [],
  },
  {
    id: "gc-attachment-malformed",
    severity: "error",
    title: "GC with a valid attachment that names none",
    source: spec("2, GC"),
    remedy: "Send `containerID` and `ifname` of every attachment: what is not named may be taken away.",
    check: ({ call, config }) => {
      if (call.command !== "GC") return []
      const listed = config?.["cni.dev/valid-attachments"]
      const whole = Array.isArray(listed) ? listed.length : 0
      const named = objects(listed).filter(
        ({ containerID, ifname }) => typeof containerID === "string" && typeof ifname === "string",
      )
      return named.length < whole
        ? [
            {
              detail: `${whole - named.length} of ${whole}`,
              stream: "stdin",
              at: at(call.stdin, `"cni.dev/valid-attachments"`),
            },
          ]
        : []
    },
  },
  {
    id: "reserved-key-in-request",
    severity: "warning",
    title: "a reserved key in a command that does not have it",
    source: spec("3, Deriving request configuration"),
    remedy: "Send prevResult and runtimeConfig with ADD, DEL and CHECK only, and keys of cni.dev with GC only.",
    check: ({ call, config }) => {
      if (!config || call.command === "VERSION" || !isCommand(call.command)) return []
      const isOfNetwork = call.command === "STATUS" || call.command === "GC"
      return Object.keys(config)
        .filter((key) =>
          key.startsWith("cni.dev/")
            ? call.command !== "GC"
            : isOfNetwork && (key === "prevResult" || key === "runtimeConfig"),
        )
        .map((key) => ({ detail: key, stream: "stdin", at: at(call.stdin, JSON.stringify(key)) }))
    },
  },
  {
    id: "version-reply-malformed",
    severity: "error",
    title: "an answer to VERSION that runtimes cannot use",
    source: spec("5, VERSION success"),
    remedy: "Print `cniVersion` and `supportedVersions`: CRI-O and cri-dockerd refuse the network otherwise.",
    check: ({ call, isOk, result, stdout }) => {
      if (call.command !== "VERSION" || !isOk || stdout === undefined) return []
      const versions = result?.supportedVersions
      const isList =
        Array.isArray(versions) && versions.length > 0 && versions.every((version) => typeof version === "string")
      if (result && typeof result.cniVersion === "string" && isList) return []
      return [
        {
          detail: !result ? "no object" : isList ? "cniVersion is missing" : "supportedVersions is no list",
          stream: "stdout",
          at: 0,
        },
      ]
    },
  },
]

function lacks({ call, config, level }: CallFacts, key: "name" | "cniVersion"): CallHit[] {
  if (!config || call.command === "VERSION" || !isCommand(call.command)) return []
  if (typeof config[key] === "string" && config[key] !== "") return []
  const who = level > 0 ? "a delegate was called without it" : "the runtime called without it"
  return [{ detail: key in config ? `it is ${text(config[key])}` : who, stream: "stdin", at: 0 }]
}

function env(name: string, value: string | undefined): CallHit {
  const detail = value === undefined ? `${name} is not set` : value === "" ? `${name} is empty` : `${name}=${value}`
  return { detail, stream: "env", excerpt: value === undefined ? "" : `${name}=${value}` }
}

function at(stdin: CallFacts["call"]["stdin"], key: string): number {
  return Math.max(0, wholeText(stdin)?.indexOf(key) ?? 0)
}
