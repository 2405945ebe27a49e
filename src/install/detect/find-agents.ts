import { basename, join } from "node:path"
import { AGENTS, type Agent, type Signs } from "./known-agents.ts"
import type { PlatformName } from "./known-platforms.ts"
import type { Network, Plugin } from "./node-facts.ts"
import type { NodeFiles } from "./node-files.ts"
import type { Process } from "./processes.ts"

export type Around = {
  files: NodeFiles
  processes: readonly Process[]
  platform: PlatformName
  confDir: string
  networks: readonly Network[]
  plugins: readonly Plugin[]
}

/** The agents that are at work on the node, with what tells of each. */
export function findAgents(around: Around): Agent[] {
  return AGENTS.flatMap((known) => {
    const evidence = evidenceOf(around, known.signs)
    if (evidence.length === 0) return []
    const { signs: _signs, ...agent } = known
    return [refined(around, { ...agent, evidence })]
  })
}

function evidenceOf({ files, processes, networks, plugins }: Around, signs: Signs): string[] {
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

function refined(around: Around, agent: Agent): Agent {
  if (agent.name === "cilium") return ciliumOf(around, agent)
  if (agent.name === "istio-cni") return istioOf(around, agent)
  if (agent.name === "flannel" && (around.platform === "k3s" || around.platform === "k3d")) {
    // There it is part of k3s, and its plugin one of many names of one program.
    return { ...agent, does: "k3s writes 10-flannel.conflist and the links to its plugins anew at each start" }
  }
  return agent
}

/** In its pod, where the agent reads its settings; the value of the Helm chart's cni.exclusive. */
const CILIUM_EXCLUSIVE = "tmp/cilium/config-map/cni-exclusive"

/**
 * With cni.exclusive, which is the default, the agent watches the directory, and at any event writes its own file
 * anew and renames every other to `*.cilium_bak`.
 */
function ciliumOf({ files, processes, confDir, networks, plugins }: Around, agent: Agent): Agent {
  const daemon = processes.find(({ name }) => name === "cilium-agent")
  const setting = daemon && `/proc/${daemon.pid}/root/${CILIUM_EXCLUSIVE}`
  const told = setting ? files.text(setting)?.trim() : undefined
  const renamed = files.list(confDir).filter((name) => name.endsWith(".cilium_bak"))
  const others = networks.filter(({ plugins: objects }) => !objects.some(({ type }) => type === "cilium-cni"))
  const chaining = networks
    .flatMap(({ plugins: objects }) => objects)
    .find(({ type, object }) => type === "cilium-cni" && object["chaining-mode"])
  const evidence = [
    ...agent.evidence,
    ...(setting && told !== undefined ? [`${setting}, ${told}`] : []),
    ...renamed.map((name) => join(confDir, name)),
    ...(chaining ? [`${chaining.file}, chaining-mode ${String(chaining.object["chaining-mode"])}`] : []),
  ]
  const isReached = plugins.some(({ name }) => name === "cilium-cni")
  const isExclusive = told === undefined ? renamed.length > 0 || (isReached && others.length === 0) : told !== "false"
  if (!isExclusive) return { ...agent, evidence }
  return {
    ...agent,
    evidence,
    onListEdit: "fought",
    does: "the agent renames cilium-cni over what stands there at each start; at any change of the configuration directory it writes its own file anew and renames every other to *.cilium_bak (cni.exclusive)",
    instead: "set cni.exclusive=false and cni.customConf=true in Cilium's values",
  }
}

/** Istio's own list is a copy of the primary one with its entry at the end: entries of ours come along. */
function istioOf({ networks }: Around, agent: Agent): Agent {
  const own = networks.find(({ file }) => basename(file) === "02-istio-cni.conflist")
  return own ? { ...agent, onListEdit: "copied" } : agent
}
