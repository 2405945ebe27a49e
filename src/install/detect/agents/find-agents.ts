import { basename, join } from "node:path"
import type { Network, Plugin } from "../node-facts.ts"
import type { NodeFiles } from "../node-files.ts"
import type { PlatformName } from "../platforms/known-platforms.ts"
import type { NodeProcess } from "../read-processes.ts"
import { AGENTS, type Agent, type AgentSigns } from "./known-agents.ts"

export type AgentSurroundings = {
  files: NodeFiles
  processes: readonly NodeProcess[]
  platform: PlatformName
  confDir: string
  networks: readonly Network[]
  plugins: readonly Plugin[]
}

/** The agents that run on the node, each with its evidence. */
export function findAgents(around: AgentSurroundings): Agent[] {
  return AGENTS.flatMap((known) => {
    const evidence = evidenceOf(around, known.signs)
    if (evidence.length === 0) return []
    const { signs: _signs, ...agent } = known
    return [refine(around, { ...agent, evidence })]
  })
}

function evidenceOf({ files, processes, networks, plugins }: AgentSurroundings, signs: AgentSigns): string[] {
  const { types = [], names = [], processes: daemons = [], paths = [] } = signs
  return [
    ...plugins
      .filter(({ name }) => types.includes(name))
      .flatMap(({ name, networks: from }) => from.map((file) => `${file}, ${name}`)),
    ...networks
      .filter(({ file, name }) => names.includes(basename(file)) || (name !== undefined && names.includes(name)))
      .map(({ file }) => file),
    ...processes.filter(({ name }) => daemons.includes(name)).map(({ pid, name }) => `process ${pid}, ${name}`),
    ...paths.filter((path) => files.exists(path)),
  ]
}

function refine(around: AgentSurroundings, agent: Agent): Agent {
  if (agent.name === "cilium") return ciliumOf(around, agent)
  if (agent.name === "istio-cni") return istioOf(around, agent)
  if (agent.name === "flannel" && (around.platform === "k3s" || around.platform === "k3d")) {
    // flannel is built into k3s, and its plugin is one of several links to one executable.
    return { ...agent, behaviour: "k3s regenerates 10-flannel.conflist and the links to its plugins at each start" }
  }
  return agent
}

/** The file with the Helm value cni.exclusive, inside the agent's pod. */
const CILIUM_EXCLUSIVE = "tmp/cilium/config-map/cni-exclusive"

/**
 * With cni.exclusive, the default, the agent watches the configuration directory. On any event it rewrites its own file
 * and renames all others to `*.cilium_bak`.
 */
function ciliumOf({ files, processes, confDir, networks, plugins }: AgentSurroundings, agent: Agent): Agent {
  const daemon = processes.find(({ name }) => name === "cilium-agent")
  const setting = daemon && `/proc/${daemon.pid}/root/${CILIUM_EXCLUSIVE}`
  const value = setting ? files.text(setting)?.trim() : undefined
  const renamed = files.list(confDir).filter((name) => name.endsWith(".cilium_bak"))
  const others = networks.filter(({ plugins: objects }) => !objects.some(({ type }) => type === "cilium-cni"))
  const chaining = networks
    .flatMap(({ plugins: objects }) => objects)
    .find(({ type, object }) => type === "cilium-cni" && object["chaining-mode"])
  const evidence = [
    ...agent.evidence,
    ...(setting && value !== undefined ? [`${setting}, ${value}`] : []),
    ...renamed.map((name) => join(confDir, name)),
    ...(chaining ? [`${chaining.file}, chaining-mode ${String(chaining.object["chaining-mode"])}`] : []),
  ]
  const isReached = plugins.some(({ name }) => name === "cilium-cni")
  const isExclusive = value === undefined ? renamed.length > 0 || (isReached && others.length === 0) : value !== "false"
  if (!isExclusive) return { ...agent, evidence }
  return {
    ...agent,
    evidence,
    onListEdit: "overwrites",
    behaviour:
      "the agent replaces cilium-cni at each start; at any change of the configuration directory it rewrites its own file and renames all others to *.cilium_bak (cni.exclusive)",
    workaround: "set the Helm values cni.exclusive=false and cni.customConf=true of Cilium",
  }
}

/** Istio's own list is a copy of the primary one with its entry at the end, so it includes the probes. */
function istioOf({ networks }: AgentSurroundings, agent: Agent): Agent {
  const own = networks.find(({ file }) => basename(file) === "02-istio-cni.conflist")
  return own ? { ...agent, onListEdit: "copies" } : agent
}
