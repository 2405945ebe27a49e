import { basename, join } from "node:path"
import { type PluginObject, type Reached, reach } from "../plan/reach.ts"
import type { Network, Plugin } from "./node-facts.ts"
import type { NodeFiles } from "./node-files.ts"
import { readNetwork } from "./read-networks.ts"

/** Every plugin that the networks lead to, those of active ones first, with the file that libcni would execute. */
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

type Found = Pick<Plugin, "path" | "kind" | "target" | "isExecutable" | "shadows" | "skipped">

/** libcni's FindInPath: the first regular file, whether it may be executed or not. */
export function findPlugin(files: NodeFiles, name: string, directories: readonly string[]): Found {
  const found: Found = { shadows: [], skipped: [] }
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

type Searched = Reached & { searched: readonly string[] }

/** Multus looks for delegates in a directory of its own first, and may name its default network by a file. */
function reachedFrom(
  files: NodeFiles,
  objects: readonly PluginObject[],
  confDir: string,
  binDirs: readonly string[],
): Searched[] {
  const multus = objects.find(isMultus)
  const inner = multus ? multusDirs(multus, binDirs) : binDirs
  const master = multus ? masterOf(files, multus, confDir) : undefined
  return [
    ...reach(objects).map((it) => ({ ...it, searched: it.via === "the list" ? binDirs : inner })),
    ...reach(master?.plugins.map(({ object }) => object) ?? [], `delegate of ${multus?.type}`).map((it) => ({
      ...it,
      searched: inner,
    })),
  ]
}

function isMultus({ type }: PluginObject): boolean {
  return type === "multus" || type === "multus-shim"
}

function multusDirs({ binDir }: PluginObject, binDirs: readonly string[]): string[] {
  return [...new Set([typeof binDir === "string" && binDir ? binDir : "/opt/cni/bin", ...binDirs])]
}

/** `clusterNetwork`: a file as Multus' pod sees it, below /host; or the name of a network or of its file. */
function masterOf(files: NodeFiles, { clusterNetwork }: PluginObject, confDir: string): Network | undefined {
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
