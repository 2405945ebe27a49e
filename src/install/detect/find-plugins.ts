import { basename, join } from "node:path"
import type { Network, Plugin } from "./node-facts.ts"
import type { NodeFiles } from "./node-files.ts"
import { type PluginObject, type ReachedPlugin, reach } from "./reach.ts"
import { readNetwork } from "./read-networks.ts"

/** Every plugin that the networks reach, those of active ones first, with the file that libcni executes. */
export function findPlugins(
  files: NodeFiles,
  networks: readonly Network[],
  confDir: string,
  binDirs: readonly string[],
): Plugin[] {
  const plugins = new Map<string, Plugin>()
  const ordered = [...networks.filter(({ isActive }) => isActive), ...networks.filter(({ isActive }) => !isActive)]
  for (const { file, plugins: objects } of ordered) {
    for (const { name, via, searched } of reachedFrom(
      files,
      objects.map(({ object }) => object),
      confDir,
      binDirs,
    )) {
      const known = plugins.get(name)
      if (known === undefined) plugins.set(name, { name, via, networks: [file], ...findPlugin(files, name, searched) })
      else if (!known.networks.includes(file)) known.networks.push(file)
    }
  }
  return [...plugins.values()]
}

type PluginLocation = Pick<Plugin, "path" | "kind" | "target" | "isExecutable" | "shadows" | "skipped">

/** As libcni's FindInPath: the first regular file, whether it is executable or not. */
export function findPlugin(files: NodeFiles, name: string, directories: readonly string[]): PluginLocation {
  const found: PluginLocation = { shadows: [], skipped: [] }
  if (name.includes("/")) return found
  const seen = new Set<string>()
  for (const path of directories.map((directory) => join(directory, name))) {
    const link = files.linkTarget(path)
    const stat = files.stat(path)
    const real = files.real(path)
    if (!stat?.isFile() || real === undefined) {
      if (link !== undefined || stat !== undefined) found.skipped.push(path)
      continue
    }
    if (seen.has(real)) continue
    seen.add(real)
    if (found.path !== undefined) {
      found.shadows.push(path)
      continue
    }
    found.path = path
    found.kind = link === undefined ? "file" : "symlink"
    if (link !== undefined) found.target = real
    found.isExecutable = (stat.mode & 0o111) !== 0
  }
  return found
}

type SearchedPlugin = ReachedPlugin & { searched: readonly string[] }

/** Multus searches delegates in its own directory first, and may refer to its default network by file. */
function reachedFrom(
  files: NodeFiles,
  objects: readonly PluginObject[],
  confDir: string,
  binDirs: readonly string[],
): SearchedPlugin[] {
  const multus = objects.find(isMultus)
  const delegateDirs = multus ? multusDirs(multus, binDirs) : binDirs
  const defaultNetwork = multus ? defaultNetworkOf(files, multus, confDir) : undefined
  return [
    ...reach(objects).map((it) => ({ ...it, searched: it.via === "the list" ? binDirs : delegateDirs })),
    ...reach(defaultNetwork?.plugins.map(({ object }) => object) ?? [], `delegate of ${multus?.type}`).map((it) => ({
      ...it,
      searched: delegateDirs,
    })),
  ]
}

function isMultus({ type }: PluginObject): boolean {
  return type === "multus" || type === "multus-shim"
}

function multusDirs({ binDir }: PluginObject, binDirs: readonly string[]): string[] {
  return [...new Set([typeof binDir === "string" && binDir ? binDir : "/opt/cni/bin", ...binDirs])]
}

/** `clusterNetwork` is a path in Multus' pod, below /host, or the name of a network or of its file. */
function defaultNetworkOf(files: NodeFiles, { clusterNetwork }: PluginObject, confDir: string): Network | undefined {
  if (typeof clusterNetwork !== "string" || clusterNetwork === "") return undefined
  const paths = clusterNetwork.startsWith("/")
    ? [clusterNetwork.replace(/^\/(?:host|hostroot)\//, "/"), clusterNetwork, join(confDir, basename(clusterNetwork))]
    : [join(confDir, clusterNetwork)]
  const path = paths.find((candidate) => files.isFile(candidate))
  if (path !== undefined) return readNetwork(files, path)
  return files
    .list(confDir)
    .filter((name) => /\.(?:conf|conflist|json)$/.test(name))
    .map((name) => readNetwork(files, join(confDir, name)))
    .find(({ name }) => name === clusterNetwork)
}
