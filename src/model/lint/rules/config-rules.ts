import { COMMANDS, isCommand } from "../../../cni/command.ts"
import { isObject } from "../../../cni/json.ts"
import { SPEC_VERSIONS } from "../../../cni/version.ts"
import {
  type CallFacts,
  type CallRule,
  isAtLeast,
  isReleased,
  locate,
  objects,
  text,
  wholeText,
} from "../call-facts.ts"
import { duplicateKeys } from "../duplicate-key.ts"
import type { CallHit } from "../finding.ts"
import { issue, spec } from "../rule-source.ts"
import { isNetworkName } from "../valid-name.ts"

/** The configuration that a runtime or a calling plugin passes on stdin. */
export const CONFIG_RULES: CallRule[] = [
  {
    id: "command-before-its-version",
    follows: ["config-without-version"],
    severity: "warning",
    title: "command that the configuration's CNI version does not have",
    source: spec("2, Parameters"),
    remedy: "Raise `cniVersion` of the list, or do not send the command.",
    check: (facts) => {
      const { call, config, version } = facts
      if (!config || !isCommand(call.command) || call.command === "VERSION" || !isReleased(version)) return []
      const { since } = COMMANDS[call.command]
      return isAtLeast(version, since)
        ? []
        : [keyHit(facts, "cniVersion", `${call.command} requires ${since}, cniVersion is ${version}`)]
    },
  },
  {
    id: "config-not-json",
    severity: "error",
    title: "configuration on stdin is not a JSON object",
    source: spec("2, Parameters"),
    remedy: "Check what called the plugin: it must write one JSON object and close stdin.",
    check: ({ call, config }) => {
      const stdin = wholeText(call.stdin)
      if (call.command === "VERSION" || !isCommand(call.command) || stdin === undefined || config) return []
      return [{ detail: stdin.trim() === "" ? "stdin is empty" : "it cannot be parsed", stream: "stdin", at: 0 }]
    },
  },
  {
    id: "config-without-name",
    severity: "error",
    title: "configuration without a network name",
    source: spec("3, Deriving request configuration"),
    remedy: "Pass the `name` of the network to delegates too: IPAM plugins key their store by it.",
    check: (facts) => missingKeyHits(facts, "name"),
  },
  {
    id: "config-without-version",
    severity: "warning",
    title: "configuration without cniVersion",
    source: spec("3, Deriving request configuration"),
    remedy: "Pass `cniVersion` to delegates too: without it, they reply in the format of 0.1.0.",
    check: (facts) => missingKeyHits(facts, "cniVersion"),
  },
  {
    id: "config-version-unknown",
    severity: "error",
    title: "configuration with a version that was never released",
    source: spec("1, Configuration format"),
    remedy: `Use one of ${SPEC_VERSIONS.join(", ")}.`,
    check: (facts) => {
      const { call, config, version } = facts
      return config && call.command !== "VERSION" && typeof config.cniVersion === "string" && !isReleased(version)
        ? [keyHit(facts, "cniVersion", version)]
        : []
    },
  },
  {
    id: "config-name-invalid",
    severity: "error",
    title: "network name with invalid characters",
    source: spec("1, Configuration format"),
    remedy: "Use letters, digits, `_`, `.` and `-`: the name becomes part of file names.",
    check: (facts) => {
      const name = facts.config?.name
      return typeof name === "string" && name !== "" && !isNetworkName(name) ? [keyHit(facts, "name", name)] : []
    },
  },
  {
    id: "config-type-differs",
    severity: "note",
    title: "the configuration's type is not the executed plugin",
    source: spec("1, Configuration format"),
    remedy: "Look for a symlink or a wrapper: some plugins, such as Antrea's, reject any type but their own.",
    check: (facts) => {
      const { call, config, level } = facts
      return level === 0 &&
        call.as !== "probe" &&
        typeof config?.type === "string" &&
        config.type !== call.plugin &&
        // An IPAM plugin gets its caller's configuration, even if the caller was not recorded.
        !(isObject(config.ipam) && config.ipam.type === call.plugin)
        ? [keyHit(facts, "type", `${config.type}, executed as ${call.plugin}`)]
        : []
    },
  },
  {
    id: "config-duplicate-key",
    severity: "warning",
    title: "duplicate key in a JSON object on stdin",
    source: spec("1, Configuration format"),
    remedy: "Write each key once: parsers differ in which of the values they use.",
    check: ({ call, config }) => {
      const stdin = wholeText(call.stdin)
      if (!config || stdin === undefined) return []
      return duplicateKeys(stdin).map(({ pointer, at }) => ({ detail: pointer, stream: "stdin", at }))
    },
  },
  {
    id: "runtime-config-undeclared",
    severity: "warning",
    title: "runtimeConfig with a capability that the plugin did not declare",
    source: spec("3, Deriving request configuration"),
    remedy: "Declare it in `capabilities` of the plugin, or do not send it.",
    check: (facts) => {
      const { config, level } = facts
      // Delegates get the caller's runtimeConfig without its capabilities (flannel, Multus).
      if (level > 0 || !isObject(config?.runtimeConfig)) return []
      const declared = isObject(config.capabilities) ? config.capabilities : {}
      return Object.keys(config.runtimeConfig)
        .filter((key) => declared[key] !== true)
        .map((key) => keyHit(facts, "runtimeConfig", key))
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
              detail: "cni.dev/attachments" in config ? "only the old key is present" : "the list is missing",
              stream: "stdin",
              at: 0,
            },
          ]
        : [],
  },
  {
    id: "gc-attachment-malformed",
    severity: "error",
    title: "GC with a valid attachment that lacks containerID or ifname",
    source: spec("2, GC"),
    remedy: "Send `containerID` and `ifname` of every attachment: attachments that are not listed may be removed.",
    check: (facts) => {
      if (facts.call.command !== "GC") return []
      const listed = facts.config?.["cni.dev/valid-attachments"]
      const count = Array.isArray(listed) ? listed.length : 0
      const complete = objects(listed).filter(
        ({ containerID, ifname }) => typeof containerID === "string" && typeof ifname === "string",
      )
      return complete.length < count
        ? [keyHit(facts, "cni.dev/valid-attachments", `${count - complete.length} of ${count}`)]
        : []
    },
  },
  {
    id: "reserved-key-in-request",
    severity: "warning",
    title: "reserved key in a command that does not use it",
    source: spec("3, Deriving request configuration"),
    remedy: "Send prevResult and runtimeConfig with ADD, DEL and CHECK only, and `cni.dev/` keys with GC only.",
    check: (facts) => {
      const { call, config } = facts
      if (!config || call.command === "VERSION" || !isCommand(call.command)) return []
      const isForNetwork = call.command === "STATUS" || call.command === "GC"
      return Object.keys(config)
        .filter((key) =>
          key.startsWith("cni.dev/")
            ? call.command !== "GC"
            : isForNetwork && (key === "prevResult" || key === "runtimeConfig"),
        )
        .map((key) => keyHit(facts, key, key))
    },
  },
]

function keyHit({ call }: CallFacts, key: string, detail: string): CallHit {
  return { detail, ...locate("stdin", wholeText(call.stdin), JSON.stringify(key)) }
}

function missingKeyHits({ call, config, level }: CallFacts, key: "name" | "cniVersion"): CallHit[] {
  if (!config || call.command === "VERSION" || !isCommand(call.command)) return []
  if (typeof config[key] === "string" && config[key] !== "") return []
  const caller = level > 0 ? "missing in the call of a delegate" : "missing in the runtime's call"
  return [{ detail: key in config ? `it is ${text(config[key])}` : caller, stream: "stdin", at: 0 }]
}
