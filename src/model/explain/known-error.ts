import { isObject } from "../../cni/json.ts"
import { type Call, jsonObject, textOf } from "../call.ts"
import { errorTextOf, mostRelevantLine } from "./error-text.ts"
import type { ExplainContext } from "./statement.ts"

/** What to do about an error that a failing call states, if it is well-known. */
export function stepForKnownError(call: Call, context: ExplainContext): string | undefined {
  const text = `${errorTextOf(call) ?? ""} ${mostRelevantLine(textOf(call.stderr)) ?? ""}`
  for (const { pattern, step } of KNOWN_ERRORS) {
    const found = pattern.exec(text)
    if (found) return step(call, found[1] ?? "", context)
  }
  return undefined
}

/** When a call began, as logs of the node have it. */
export function clock({ wallMs }: Call): string {
  return `${new Date(wallMs).toISOString().slice(11, 19)}Z`
}

/** `what`: the first group of the pattern. */
type KnownError = { pattern: RegExp; step: (call: Call, what: string, context: ExplainContext) => string }

/** The first that matches counts: specific errors come before general ones. */
const KNOWN_ERRORS: readonly KnownError[] = [
  {
    pattern: /requested (?:IP|ip) address '?([\da-f.:]+)\S* is not available/,
    step: (_, ip) => `cnitap who-owns ${ip.replace(/[.:]$/, "")}`,
  },
  {
    pattern: /no ip addresses available|no free (?:ip|address)|failed to (?:assign|allocate)|exhausted/i,
    step: () => "cnitap ledger (who holds the addresses)",
  },
  {
    pattern: /"?([\w.-]+)"? already has an IP address different from/,
    step: (_, link) => `ip addr show ${link}; if nothing uses its address: ip addr del ADDRESS dev ${link}`,
  },
  {
    pattern: /exec: "([^"]+)": executable file not found in \$?PATH/,
    step: ({ plugin }, program) => `install ${program} where the runtime's PATH finds it: ${plugin} runs with that`,
  },
  {
    pattern: /netns and netns from CNI_NETNS should not be the same/,
    step: () => "check why the runtime calls CNI for a pod with hostNetwork",
  },
  {
    pattern: /incompatible CNI versions/,
    step: () => "lower cniVersion of the list to one that the plugin supports, or update the plugin",
  },
  {
    pattern: /VF pci addr is required/,
    step: (call, _, { list }) => {
      const good = list?.lastComplete.get(call.command)
      const compared = good ? `; cnitap diff ${call.id} ${good}` : ""
      return `stdin has no deviceID: Multus takes it from the resource that the pod requests, if the network's annotation k8s.v1.cni.cncf.io/resourceName names it${compared}`
    },
  },
  {
    pattern: /no interfaces provided/,
    step: ({ plugin, id }) => `look at the plugin before ${plugin}: its result has no interface (cnitap show ${id})`,
  },
  {
    pattern: /(?:if rate is set, burst must also|if burst is set, rate must also|burst cannot be more)/,
    step: (call) =>
      `set rate (bits per second) and burst (bits, less than 4 GB) together: stdin has ${bandwidthOf(call)}`,
  },
  {
    pattern: /running \[([^\]]+)\]: exit status/,
    step: (_, command) => `run the command by hand: ${command.replaceAll('\\"', '"')}`,
  },
  {
    pattern: /localhost:8080|127\.0\.0\.1:8080/,
    step: (call) =>
      `${call.plugin} found no kubeconfig, and client-go then asks localhost:8080: check ${kubeconfigOf(call)}`,
  },
  {
    pattern: /\bUnauthorized\b/,
    step: ({ plugin }) =>
      `check that the agent of ${plugin} runs on this node: it renews the token, and an agent that was removed leaves its entry in the list`,
  },
  {
    pattern: /(\/run\/flannel\/subnet\.env): no such file/,
    step: (_, file, { node }) =>
      `check that flanneld runs, which writes ${file}; if flannel is not used any more, remove it from ${node?.list?.file ?? "the list"}`,
  },
  {
    pattern: /(\/var\/lib\/calico\/nodename): no such file/,
    step: (_, file) =>
      `check that calico-node runs on this node: it writes ${file}, and until then pods stay in Terminating`,
  },
  {
    pattern: /invalid character '\\x00'/,
    step: ({ plugin }) =>
      `look for NUL bytes in the state file of ${plugin}, which a crash leaves: it is not stdin (hexdump -C)`,
  },
  {
    pattern: /\block(?:ed)?\b|resource temporarily unavailable/i,
    step: () => "cnitap ls killed (a killed call may have left its lock behind)",
  },
  {
    pattern: /connection refused|deadline exceeded|i\/o timeout|dial (?:unix|tcp)|(?:Post|Get|Put|dial)\b.*: EOF/i,
    step: (call) =>
      `check the log of the agent that ${call.plugin} connects to, at ${clock(call)}: the plugin only reports it`,
  },
]

/** `ingressRate 1000, ingressBurst 0`, as the runtime passes annotations of the pod. */
function bandwidthOf(call: Call): string {
  const config = jsonObject(call.stdin)
  const limits = isObject(config?.runtimeConfig) ? config.runtimeConfig.bandwidth : config
  const values = Object.entries(isObject(limits) ? limits : {}).filter(([key]) => /(?:Rate|Burst)$/.test(key))
  return values.length > 0 ? values.map(([key, value]) => `${key} ${String(value)}`).join(", ") : "neither"
}

/** The path in the configuration of a plugin that asks the API server. */
function kubeconfigOf(call: Call): string {
  const config = jsonObject(call.stdin)
  const { kubernetes } = config ?? {}
  const path = isObject(kubernetes) ? kubernetes.kubeconfig : config?.kubeconfig
  return typeof path === "string" ? path : "its configuration"
}
