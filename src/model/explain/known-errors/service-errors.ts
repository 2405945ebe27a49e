import { isObject } from "../../../cni/json.ts"
import { type Call, jsonObject } from "../../call.ts"
import { shellWord } from "../../shell-word.ts"
import { clock, type KnownError } from "./known-error.ts"

/** Errors of the API server and of the agents that plugins ask. */
export const SERVICE_ERRORS: readonly KnownError[] = [
  {
    pattern: /localhost:8080|127\.0\.0\.1:8080/,
    step: (call) =>
      `${call.plugin} found no kubeconfig, and client-go then asks localhost:8080: check ${kubeconfigOf(call) ?? "its configuration"}`,
  },
  {
    pattern: /certificate has expired or is not yet valid/,
    step: () => "check the node's clock (date -u) and when the API server's certificate expires",
  },
  {
    pattern: /x509: certificate signed by unknown authority/,
    step: (call) =>
      `compare the CA in ${kubeconfigOf(call) ?? "its kubeconfig"} with the cluster's: ${agentOf(call)} writes it again when it is restarted`,
  },
  {
    pattern: /User "([^"]+)" cannot (\w+) resource "([^"]+)"(?:.* in the namespace "([^"]+)")?/,
    step: (_, [, user = "", verb = "", resource = "", namespace = ""]) =>
      `kubectl auth can-i ${verb} ${resource} --as ${shellWord(user)}${namespace ? ` -n ${namespace}` : ""} (the role of this account lacks it)`,
  },
  {
    pattern: /\bUnauthorized\b/,
    step: ({ plugin }) =>
      `check that the agent of ${plugin} runs on this node: it renews the token, and an agent that was removed leaves its entry in the list`,
  },
  {
    pattern: /(\/run\/flannel\/subnet\.env): no such file/,
    step: (_, [, file], { node }) =>
      `check that flanneld runs, which writes ${file}; if flannel is not used any more, remove it from ${node?.list?.file ?? "the list"}`,
  },
  {
    pattern: /(\/var\/lib\/calico\/nodename): no such file/,
    step: (_, [, file = ""]) =>
      `check that calico-node runs on this node: it writes ${file}, and until then pods stay in Terminating`,
  },
  {
    pattern: /\bpods? "([^"]+)" not found/,
    step: ({ pod }, [, name = ""]) =>
      `kubectl get pod ${shellWord(name)}${pod?.namespace ? ` -n ${shellWord(pod.namespace)}` : ""} (it was deleted while its ADD ran, or this node's view of the API server is stale)`,
  },
  {
    pattern: /\[429\]|\bstatus(?: code)?:? 429\b|too ?many ?requests|rate limit/i,
    step: (call) => `check the rate limits of ${agentOf(call)}: it refuses requests while many pods start at once`,
  },
  {
    // Nothing accepts connections there: the agent does not run, and its log would not help.
    pattern: /dial unix ([^\s:"]+): connect: (?:no such file or directory|connection refused)/,
    step: (call, [, socket = ""]) => `check that ${agentOf(call)} runs on this node: nothing listens on ${socket}`,
  },
  {
    pattern: /dial tcp ((?:127\.\d+\.\d+\.\d+|\[::1\]):\d+): connect: connection refused/,
    step: (call, [, address]) => `check that ${agentOf(call)} runs on this node: nothing listens on ${address}`,
  },
  {
    pattern: /dial tcp (\S+:(?:443|6443)): (?:connect: )?(?:i\/o timeout|connection refused|no route to host)/,
    step: (_, [, address = ""]) =>
      `curl -k https://${address}/livez (this node does not reach the API server; a Service address needs kube-proxy or its replacement)`,
  },
  {
    pattern: /dial tcp: lookup ([^\s:]+)/,
    step: (_, [, name = ""]) => `getent hosts ${shellWord(name)} (the node itself does not resolve this name)`,
  },
  {
    pattern: /etcdserver: /,
    step: () => "check the control plane: etcd did not answer the API server in time",
  },
  {
    pattern:
      /connection refused|deadline exceeded|i\/o timeout|timed out waiting|dial (?:unix|tcp)|(?:Post|Get|Put|dial)\b.*: EOF/i,
    step: (call) => `check the log of ${agentOf(call)}, at ${clock(call)}: the plugin only reports it`,
  },
]

/** The process that a plugin asks, if it is well-known. */
function agentOf({ plugin }: Call): string {
  return AGENTS.get(plugin) ?? `the agent that ${plugin} connects to`
}

const AGENTS: ReadonlyMap<string, string> = new Map([
  ["antrea", "antrea-agent"],
  ["aws-cni", "ipamd (the pod aws-node)"],
  ["azure-vnet", "azure-cns"],
  ["calico", "calico-node"],
  ["calico-ipam", "calico-node"],
  ["cilium-cni", "cilium-agent"],
  ["flannel", "flanneld"],
  ["istio-cni", "istio-cni-node"],
  ["kube-ovn", "kube-ovn-cni"],
  ["multus-shim", "multus-daemon"],
  ["ovn-k8s-cni-overlay", "ovnkube-node"],
  ["weave-net", "weave"],
])

/** The path in the configuration of a plugin that asks the API server. */
function kubeconfigOf(call: Call): string | undefined {
  const config = jsonObject(call.stdin)
  const { kubernetes } = config ?? {}
  const path = isObject(kubernetes) ? kubernetes.kubeconfig : config?.kubeconfig
  return typeof path === "string" ? path : undefined
}
