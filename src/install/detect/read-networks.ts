import { join } from "node:path"
import { LIBCNI, type LibcniVersion, NEWEST_LIBCNI } from "../../cni/libcni.ts"
import {
  CONF_EXTENSIONS,
  extensionOf,
  type InvalidList,
  type NetworkList,
  parseNetworkList,
  parseSinglePlugin,
} from "../../cni/network-list.ts"
import type { Network, NetworkPlugin } from "./node-facts.ts"
import type { NodeFiles } from "./node-files.ts"
import type { NetworkSelection, RuntimeBehaviour } from "./runtimes/runtime.ts"

/** The network configurations of a directory in lexical order, and which of them the runtime uses. */
export function readNetworks(
  files: NodeFiles,
  confDir: string,
  behaviour: RuntimeBehaviour,
  isInstalled: (plugin: string) => boolean,
): Network[] {
  files.assertReadable(confDir)
  const networks = files
    .list(confDir)
    .filter((name) => isConfiguration(name, behaviour) && !files.isDirectory(join(confDir, name)))
    .map((name) => readNetwork(files, join(confDir, name), behaviour.libcni))
  if (behaviour.requiresPlugins) {
    for (const network of networks) {
      const missing = network.plugins.find(({ type }) => !isInstalled(type))
      if (missing) network.broken ??= `plugin ${missing.type} is not in any plugin directory`
    }
  }
  for (const network of selectNetworks(networks, behaviour.selection)) network.isActive = true
  return networks
}

/** Reads one file as libcni does, including the plugins of its side directory. */
export function readNetwork(files: NodeFiles, file: string, libcni: LibcniVersion = NEWEST_LIBCNI): Network {
  const extension = extensionOf(file).slice(1)
  const format = extension === "conf" || extension === "json" ? extension : "conflist"
  files.assertReadable(file)
  const text = files.text(file)
  const list: NetworkList | InvalidList =
    text === undefined
      ? { error: "it cannot be read" }
      : format === "conflist"
        ? parseNetworkList(text, libcni)
        : parseSinglePlugin(text)
  const empty = { file, format, plugins: [], sideFiles: [], isActive: false } as const
  if ("error" in list) {
    return {
      ...empty,
      plugins: [],
      sideFiles: [],
      disableCheck: false,
      loadOnlyInlinedPlugins: false,
      broken: list.error,
    }
  }
  const { name, cniVersion, cniVersions, disableCheck, loadOnlyInlinedPlugins } = list
  const side =
    LIBCNI[libcni].readsSideDirectory && !loadOnlyInlinedPlugins
      ? readSideDirectory(files, file, name)
      : { plugins: [], sideFiles: [] }
  const plugins = [...list.plugins.map((object) => ({ type: object.type, file, object })), ...side.plugins]
  const broken = side.broken ?? (plugins.length === 0 ? "no plugins in the list or in its side directory" : undefined)
  return {
    ...empty,
    name,
    ...(cniVersion === undefined ? {} : { cniVersion }),
    ...(cniVersions === undefined ? {} : { cniVersions }),
    plugins,
    sideFiles: side.sideFiles,
    disableCheck,
    loadOnlyInlinedPlugins,
    ...(broken === undefined ? {} : { broken }),
  }
}

type SideDirectory = { plugins: NetworkPlugin[]; sideFiles: string[]; broken?: string }

function readSideDirectory(files: NodeFiles, file: string, name: string): SideDirectory {
  const directory = join(file, "..", name)
  const sideFiles = files
    .list(directory)
    .filter((entry) => extensionOf(entry) === ".conf" && !files.isDirectory(join(directory, entry)))
    .map((entry) => join(directory, entry))
  const side: SideDirectory = { plugins: [], sideFiles }
  for (const path of sideFiles) {
    const read = parseSinglePlugin(files.text(path) ?? "")
    if ("error" in read) side.broken ??= `${path}: ${read.error}`
    else side.plugins.push(...read.plugins.map((object) => ({ type: object.type, file: path, object })))
  }
  return side
}

function isConfiguration(name: string, { readsSinglePlugins }: RuntimeBehaviour): boolean {
  const extension = extensionOf(name)
  return readsSinglePlugins ? CONF_EXTENSIONS.some((accepted) => accepted === extension) : extension === ".conflist"
}

function selectNetworks(networks: readonly Network[], selection: NetworkSelection): Network[] {
  const valid = networks.filter(({ broken }) => broken === undefined)
  switch (selection.by) {
    case "first-files": {
      const first = selection.count > 0 ? networks.slice(0, selection.count) : networks
      return first.some(({ broken }) => broken !== undefined) ? [] : [...first]
    }
    case "first-valid":
      return valid.slice(0, 1)
    case "name":
      return valid.filter(({ name }) => name === selection.name).slice(0, 1)
    case "container":
      return valid
  }
}
