import { join } from "node:path"
import { isObject } from "../cni/json.ts"
import { AGENTS } from "../install/detect/agents/known-agents.ts"
import type { PluginObject } from "../install/detect/reach.ts"
import type { NodeHit, NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"

/** What plugins read at every call and an agent writes: without it each ADD fails, and with some each DEL. */
export const AGENT_RULES: NodeRule[] = [
  {
    id: "agent-down",
    severity: "warning",
    title: "a list names the plugin of an agent that is not running on this node",
    check: (node) => {
      const { facts, executed } = node
      // In a container of its own PID namespace no process of the node is visible, and no runtime.
      if (facts.runtime?.isRunning !== true) return []
      return AGENTS.flatMap(({ name, signs }) => {
        const { types = [], processes } = signs
        const plugin = executed.find((it) => types.includes(it.name))
        const running = facts.agents.find((agent) => agent.name === name)
        const isRunning = running?.evidence.some((text) => text.startsWith("process ")) === true
        // flannel is a part of the k3s process.
        const isBuiltIn = name === "flannel" && /^k3/.test(facts.platform.name)
        if (plugin === undefined || processes === undefined || isRunning || isBuiltIn) return []
        const [list = ""] = plugin.networks
        return [
          {
            detail: `${list} names ${plugin.name}, and ${processes.join(" or ")} does not run`,
            evidence: [list],
            remedy: `Check the pod of ${name} on this node. If it was removed on purpose, remove ${plugin.name} from ${list}: without its agent ADD fails, at the latest when its credentials expire.`,
          },
        ]
      })
    },
  },
  {
    id: "subnet-file-missing",
    severity: "error",
    title: "the file with the node's subnet, which flannel reads for every pod, is missing",
    check: (node) =>
      objectsOf(node, "flannel").flatMap(({ object, list }) => {
        const path = textAt(object, "subnetFile") ?? "/run/flannel/subnet.env"
        if (node.files.exists(path)) return []
        const plugin = node.executed.find(({ name }) => name === "flannel")
        return [
          {
            detail: `${path} is missing; flannel (${plugin?.via ?? "the list"}) of ${list} reads it`,
            evidence: [path, list],
            remedy: `Start flanneld, which writes it; if the node has another network now, remove ${list}.`,
          },
        ]
      }),
  },
  {
    id: "nodename-missing",
    severity: "error",
    title: "the file with the node's name, which calico reads for every ADD and DEL, is missing",
    check: (node) =>
      objectsOf(node, "calico").flatMap(({ object, list }) => {
        const path = textAt(object, "nodename_file") ?? "/var/lib/calico/nodename"
        const isOptional = textAt(object, "nodename") !== undefined || object.nodename_file_optional === true
        if (isOptional || node.files.exists(path)) return []
        return [
          {
            detail: `${path} is missing, so calico fails every ADD, and every DEL: pods stay Terminating`,
            evidence: [path, list],
            remedy: "Start calico-node, which writes it: check its pod on this node.",
          },
        ]
      }),
  },
  {
    id: "kubeconfig-missing",
    severity: "error",
    title: "a plugin's kubeconfig is missing",
    check: (node) =>
      objectsOf(node).flatMap(({ object, list }): NodeHit[] => {
        const kubernetes = isObject(object.kubernetes) ? object.kubernetes : {}
        const path = textAt(object, "kubeconfig") ?? textAt(kubernetes, "kubeconfig")
        if (path === undefined || !path.startsWith("/") || node.files.exists(path)) return []
        return [
          {
            detail: `${object.type} cannot read ${path}; client-go without a kubeconfig asks localhost:8080`,
            evidence: [`${list}, kubeconfig`, path],
            remedy: `Restart the agent of ${object.type}, which writes it.`,
          },
        ]
      }),
  },
  {
    id: "state-file-zeroed",
    severity: "error",
    title: "a state file of a plugin has only NUL bytes: the node went down before its content was on disk",
    check: ({ files, dataDirs }) => {
      const stores = dataDirs.flatMap((dataDir) => files.list(dataDir).map((network) => join(dataDir, network)))
      const listed = [...STATE_DIRS, ...stores].flatMap((directory) =>
        files.list(directory).map((name) => join(directory, name)),
      )
      // /var/run is a symlink to /run on nearly every node.
      const paths = new Set([...STATE_FILES, ...listed].flatMap((path) => files.real(path) ?? []))
      return [...paths].flatMap((path) => {
        const bytes = files.isFile(path) ? files.bytes(path) : undefined
        if (bytes === undefined || bytes.length === 0 || bytes.some((byte) => byte !== 0)) return []
        return [
          {
            detail: `${path} has ${bytes.length} bytes, all NUL: a plugin that parses it reports invalid character '\\x00'`,
            evidence: [path],
            remedy: `rm ${path}`,
          },
        ]
      })
    },
  },
]

/** azure-vnet's and azure-ipam's own state; delegates that Multus and flannel save at ADD; libcni's results. */
const STATE_FILES = ["/run/azure-vnet.json", "/run/azure-vnet-ipam.json", "/var/run/azure-vnet.json"]
const STATE_DIRS = ["/var/lib/cni/multus", "/var/lib/cni/flannel"]

/** The plugin objects of the active networks at any depth, of one type or of all. */
function objectsOf({ active }: NodeSnapshot, type?: string): { object: PluginObject; list: string }[] {
  return active.flatMap(({ file, plugins }) =>
    plugins
      .flatMap(({ object }) => withNested(object))
      .filter((object) => typeof object.type === "string" && (type === undefined || object.type === type))
      .map((object) => ({ object, list: file })),
  )
}

function withNested(object: PluginObject): PluginObject[] {
  const { ipam, delegate, delegates, plugins } = object
  const nested = [
    ipam,
    delegate,
    ...(Array.isArray(delegates) ? delegates : []),
    ...(Array.isArray(plugins) ? plugins : []),
  ]
  return [object, ...nested.filter(isObject).flatMap(withNested)]
}

function textAt(object: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = object[key]
  return typeof value === "string" && value !== "" ? value : undefined
}
