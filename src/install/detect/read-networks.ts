import { join } from "node:path"
import {
  CONF_EXTENSIONS,
  extensionOf,
  type LibcniVersion,
  type NetworkList,
  parseNetworkList,
  parseSinglePlugin,
  type Refused,
} from "../../cni/network-list.ts"
import type { Network, NetworkPlugin, Runtime } from "./node-facts.ts"
import type { NodeFiles } from "./node-files.ts"
import { isVersionAtLeast } from "./runtimes/version.ts"

/** The network configurations of a directory, in the runtime's order, and which of them it works with. */
export function readNetworks(
  files: NodeFiles,
  confDir: string,
  runtime: Runtime | undefined,
  isThere: (plugin: string) => boolean,
): Network[] {
  files.assertReadable(confDir)
  const networks = files
    .list(confDir)
    .filter((name) => isConfiguration(name, runtime) && !files.isDirectory(join(confDir, name)))
    .map((name) => readNetwork(files, join(confDir, name), libcniOf(runtime)))
  if (runtime?.name === "cri-o" || runtime?.name === "cri-dockerd") {
    // They run VERSION of every plugin of a list, and pass over a list in which one cannot be run.
    for (const network of networks) {
      const missing = network.plugins.find(({ type }) => !isThere(type))
      if (missing) network.broken ??= `plugin ${missing.type} is in no plugin directory`
    }
  }
  for (const network of active(networks, runtime)) network.isActive = true
  return networks
}

/** One file as libcni reads it, with the plugins that its side directory adds. */
export function readNetwork(files: NodeFiles, file: string, libcni: Libcni = NEWEST): Network {
  const extension = extensionOf(file).slice(1)
  const format = extension === "conf" || extension === "json" ? extension : "conflist"
  files.assertReadable(file)
  const text = files.text(file)
  const list: NetworkList | Refused =
    text === undefined
      ? { error: "it cannot be read" }
      : format === "conflist"
        ? parseNetworkList(text, libcni.version)
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
    libcni.hasSideDirectories && !loadOnlyInlinedPlugins ? readSide(files, file, name) : { plugins: [], sideFiles: [] }
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

type Side = { plugins: NetworkPlugin[]; sideFiles: string[]; broken?: string }

function readSide(files: NodeFiles, file: string, name: string): Side {
  const directory = join(file, "..", name)
  const sideFiles = files
    .list(directory)
    .filter((entry) => extensionOf(entry) === ".conf" && !files.isDirectory(join(directory, entry)))
    .map((entry) => join(directory, entry))
  const side: Side = { plugins: [], sideFiles }
  for (const path of sideFiles) {
    const read = parseSinglePlugin(files.text(path) ?? "")
    if ("error" in read) side.broken ??= `${path}: ${read.error}`
    else side.plugins.push(...read.plugins.map((object) => ({ type: object.type, file: path, object })))
  }
  return side
}

type Libcni = { version: LibcniVersion; hasSideDirectories: boolean }

const NEWEST: Libcni = { version: "1.3", hasSideDirectories: true }

/** containerd has libcni 1.1 until 1.7, 1.2 in 2.0, 1.3 since 2.1; of the others' versions nothing is known. */
function libcniOf(runtime: Runtime | undefined): Libcni {
  if (runtime?.name === "podman") return { version: "1.1", hasSideDirectories: false }
  if (runtime?.name !== "containerd" || runtime.version === undefined) return NEWEST
  return {
    version: isVersionAtLeast(runtime.version, "2.0") ? "1.3" : "1.1",
    hasSideDirectories: isVersionAtLeast(runtime.version, "2.1"),
  }
}

function isConfiguration(name: string, runtime: Runtime | undefined): boolean {
  const extension = extensionOf(name)
  return runtime?.name === "podman"
    ? extension === ".conflist"
    : CONF_EXTENSIONS.some((accepted) => accepted === extension)
}

function active(networks: readonly Network[], runtime: Runtime | undefined): Network[] {
  const valid = networks.filter(({ broken }) => broken === undefined)
  switch (runtime?.name) {
    case "cri-o": {
      const { defaultNetwork } = runtime
      if (defaultNetwork === undefined) return valid.slice(0, 1)
      return valid.filter(({ name }) => name === defaultNetwork).slice(0, 1)
    }
    case "cri-dockerd":
      return valid.slice(0, 1)
    case "podman":
      // A container names its networks: every one may be used.
      return valid
    default: {
      const wanted = runtime?.maxConfNum ?? 1
      const first = wanted > 0 ? networks.slice(0, wanted) : networks
      // go-cni gives up at the first file that it cannot load, and then has no network at all.
      return first.some(({ broken }) => broken !== undefined) ? [] : [...first]
    }
  }
}
