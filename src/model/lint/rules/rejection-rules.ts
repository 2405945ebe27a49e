import { isObject } from "../../../cni/json.ts"
import { kindOfPlugin } from "../../../cni/plugin-kind.ts"
import { type CallFacts, type CallRule, locate, objects, text, wholeText } from "../call-facts.ts"
import { interfaceSysctls } from "../conf/sysctl-rules.ts"
import { issue } from "../rule-source.ts"

/** What a plugin did not accept in its input, from what it was given and from the words of its error. */
export const REJECTION_RULES: CallRule[] = [
  {
    id: "config-undecodable",
    severity: "error",
    title: "the plugin cannot decode its configuration",
    source: issue("aws/amazon-vpc-cni-k8s#2293"),
    remedy:
      "Write a value of that type, or install the build of the plugin that belongs to the agent that writes the list: builds differ in it.",
    follows: ["conf-value-type"],
    check: (facts) => {
      const [, given = "", field = "", type = ""] = GO_DECODING.exec(failureText(facts)) ?? []
      if (type === "") return []
      // The first name is that of the Go type.
      const path = field.split(".").slice(1)
      const key = path.at(-1)
      const what = path.length > 0 ? path.join(".") : "a value"
      const detail = `${what} is a ${given}, and this build of ${facts.call.plugin} takes ${goTypeName(type)}`
      return [{ detail, ...locate("stdin", wholeText(facts.call.stdin), ...(key ? [`"${key}"`] : [])) }]
    },
  },
  {
    id: "state-file-broken",
    severity: "error",
    title: "the plugin reads a file of NUL bytes",
    source: issue("Azure/azure-container-networking#642"),
    remedy: "Look at the plugin's state files (hexdump -C FILE | head), and remove the one that has NUL bytes only.",
    check: (facts) => {
      const message = failureText(facts)
      if (!/invalid character '\\(?:x00|u0000)'/.test(message) || wholeText(facts.call.stdin)?.includes("\0")) return []
      const files = STATE_FILES[facts.call.plugin]
      return [
        {
          detail: "the node went down before its content was written; the configuration on stdin is not at fault",
          ...locate("stdout", facts.stdout, "invalid character"),
          ...(files
            ? { remedy: `Look at ${files} (hexdump -C FILE | head), and remove it if it has NUL bytes only.` }
            : {}),
        },
      ]
    },
  },
  {
    id: "chained-plugin-first",
    severity: "error",
    title: "plugin that needs another one before it was called first",
    source: issue("linkerd/linkerd2#9916"),
    remedy:
      "Look at which file sorts first in the configuration directory (`cnitap lint DIRECTORY`), and who writes it.",
    check: ({ call, config, level, previous, prevResult }) =>
      call.command === "ADD" &&
      level === 0 &&
      !previous &&
      config?.type === call.plugin &&
      kindOfPlugin(call.plugin) === "meta" &&
      !prevResult
        ? [{ detail: "it got no prevResult", stream: "stdin", at: 0 }]
        : [],
  },
  {
    id: "prevresult-without-interface",
    severity: "error",
    title: "the result before this plugin has no interface",
    source: issue("weaveworks/weave#3787"),
    remedy: "Update the plugin before it, or take this one out of the list: it works on the interfaces of prevResult.",
    check: ({ call, isFailed, previous, prevResult }) =>
      call.command === "ADD" &&
      isFailed &&
      NEEDS_INTERFACES.includes(call.plugin) &&
      prevResult &&
      objects(prevResult.interfaces).length === 0
        ? [
            {
              detail: `${previous?.call.plugin ?? "the plugin before it"} returned no interfaces`,
              ...locate("stdin", wholeText(call.stdin), `"prevResult"`),
            },
          ]
        : [],
  },
  {
    id: "sysctl-interface",
    severity: "error",
    title: "sysctl of an interface that this call does not have",
    source: { text: "tuning, README", link: "https://www.cni.dev/plugins/current/meta/tuning/" },
    remedy: "Write IFNAME for the interface of the call: the kernel has no such file.",
    check: ({ call, config, isFailed, prevResult }) => {
      if (call.plugin !== "tuning" || !isFailed || !config) return []
      const present = [call.ifname, ...objects(prevResult?.interfaces).map(({ name }) => name)]
      return interfaceSysctls(config)
        .filter(({ interfaceName }) => !present.includes(interfaceName))
        .map(({ key, interfaceName }) => ({
          detail: `${interfaceName}; the interface is ${call.ifname ?? ""}`,
          pointer: `/sysctl/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
          ...locate("stdin", wholeText(call.stdin), JSON.stringify(key)),
        }))
    },
  },
  {
    id: "device-missing",
    severity: "error",
    title: "no device in the configuration",
    source: issue("k8snetworkplumbingwg/sriov-cni#258"),
    remedy:
      "Let Multus call it: it adds the device that the device plugin allocated, if the network has the annotation k8s.v1.cni.cncf.io/resourceName and the pod requests that resource.",
    check: ({ call, config, isFailed }) => {
      const keys = DEVICE_KEYS[call.plugin]
      if (!keys || !isFailed || !config || config.type !== call.plugin) return []
      const given = { ...config, ...(isObject(config.runtimeConfig) ? config.runtimeConfig : {}) }
      return keys.some((key) => given[key] !== undefined && given[key] !== "")
        ? []
        : [
            {
              detail: `${keys.join(", ")}: ${keys.length === 1 ? "it is missing" : "none of them is there"}`,
              stream: "stdin",
              at: 0,
            },
          ]
    },
  },
]

/** Go's json.UnmarshalTypeError: what was given, the field with the name of its Go type, and the type of the field. */
const GO_DECODING = /json: cannot unmarshal (\w+)[^"\n]{0,40}? into Go (?:struct field (\S+)|value) of type (\S+)/

/** Plugins that work on the interfaces of prevResult. Those that need addresses only are not among them. */
const NEEDS_INTERFACES: readonly string[] = ["bandwidth", "sbr", "vrf"]

/** Where plugins keep what they read at each call. */
const STATE_FILES: Readonly<Record<string, string>> = {
  "azure-vnet": "/var/run/azure-vnet.json",
  "azure-vnet-ipam": "/var/run/azure-vnet-ipam.json",
  flannel: "/var/lib/cni/flannel/CONTAINER_ID",
  multus: "/var/lib/cni/multus/CONTAINER_ID",
  sriov: "/var/lib/cni/sriov/CONTAINER_ID-IFNAME",
}

/** One of these keys must name the device. */
const DEVICE_KEYS: Readonly<Record<string, readonly string[]>> = {
  sriov: ["deviceID"],
  "ib-sriov": ["deviceID"],
  "host-device": ["device", "hwaddr", "kernelpath", "pciBusID", "deviceID"],
}

/** What a failed call says about itself; empty for every other call. */
function failureText({ isFailed, error, stdout, call }: CallFacts): string {
  if (!isFailed) return ""
  return error
    ? `${text(error.msg ?? "")} ${text(error.details ?? "")}`
    : `${stdout ?? ""} ${wholeText(call.stderr) ?? ""}`
}

function goTypeName(type: string): string {
  if (/^u?int\d*$|^float\d+$/.test(type)) return "a number"
  if (type === "string") return "a string"
  if (type === "bool") return "true or false"
  if (type.startsWith("[]")) return "a list"
  return type.startsWith("map[") || /^[\w.]+\.[A-Z]\w*$/.test(type) ? "an object" : type
}
