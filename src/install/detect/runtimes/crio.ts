import { join } from "node:path"
import type { Chosen } from "../node-facts.ts"
import type { NodeFiles } from "../node-files.ts"
import type { PlatformName } from "../platforms/known-platforms.ts"
import type { NodeProcess } from "../read-processes.ts"
import { type CommandLine, flag, fromUnit, pathFlag, running } from "./command-line.ts"
import type { Runtime, RuntimeDetector } from "./runtime.ts"
import { readToml, tableAt, textAt, textsAt } from "./toml.ts"
import { versionOf } from "./version.ts"

export const crio: RuntimeDetector = { name: "cri-o", find: findCrio }

const CONFIG = "/etc/crio/crio.conf"
const DROP_INS = "/etc/crio/crio.conf.d"
const SOCKET = "/run/crio/crio.sock"

/** The node's CRI-O. Flags override drop-ins, which override crio.conf; drop-ins apply in lexical order. */
function findCrio(files: NodeFiles, processes: readonly NodeProcess[], platform: PlatformName): Runtime[] {
  const [process] = running(files, processes, "crio")
  const line: CommandLine | undefined =
    process ??
    fromUnit(files, "crio.service") ??
    [CONFIG, DROP_INS, SOCKET].filter((path) => files.exists(path)).map((from) => ({ words: ["crio"], from }))[0]
  if (line === undefined) return []
  const main = pathFlag(line, "--config", "-c") ?? CONFIG
  const directory = pathFlag(line, "--config-dir", "-d") ?? DROP_INS
  const read = [main, ...files.list(directory).map((name) => join(directory, name))].filter((path) =>
    files.isFile(path),
  )

  let confDir: Chosen<string> = { value: "/etc/cni/net.d", from: "CRI-O's default" }
  let binDirs: Chosen<string[]> = { value: ["/opt/cni/bin"], from: "CRI-O's default" }
  let deprecatedDir: string | undefined
  let defaultNetwork: string | undefined
  let broken: string | undefined
  for (const path of read) {
    const toml = readToml(files, path)
    broken ??= toml?.broken
    const network = tableAt(toml?.table ?? {}, "crio", "network")
    const dir = textAt(network, "network_dir")
    const dirs = textsAt(network, "plugin_dirs")
    if (dir) confDir = { value: withoutSlash(dir), from: `${path}, crio.network.network_dir` }
    if (dirs) binDirs = { value: dirs.map(withoutSlash), from: `${path}, crio.network.plugin_dirs` }
    deprecatedDir = textAt(network, "plugin_dir") ?? deprecatedDir
    defaultNetwork = textAt(network, "cni_default_network") ?? defaultNetwork
  }
  const confFlag = flag(line, "--cni-config-dir")
  const binFlag = flag(line, "--cni-plugin-dir")
  if (confFlag) confDir = { value: withoutSlash(confFlag), from: `${line.from}, --cni-config-dir` }
  if (binFlag) binDirs = { value: binFlag.split(",").map(withoutSlash), from: `${line.from}, --cni-plugin-dir` }
  // The deprecated predecessor of plugin_dirs, which CRI-O searches last.
  if (deprecatedDir) binDirs = { ...binDirs, value: [...binDirs.value, withoutSlash(deprecatedDir)] }
  const network = flag(line, "--cni-default-network") ?? defaultNetwork
  const version = versionOf(files, line.executable ?? line.words[0] ?? "", ["cri-o"])
  const socket = flag(line, "--listen") ?? SOCKET
  const [setting] = binDirs.from.split(", ")
  return [
    {
      name: crio.name,
      ...(version === undefined ? {} : { version }),
      evidence: [...new Set([line.from, ...read, ...(files.exists(socket) ? [socket] : [])])],
      isRunning: process !== undefined,
      ...(process?.pid === undefined ? {} : { pid: process.pid }),
      socket,
      ...(files.isFile(main) ? { configFile: main } : {}),
      ...(broken === undefined ? {} : { broken }),
      confDir,
      binDirs,
      behaviour: {
        selection:
          network === undefined ? { by: "first-valid" } : { by: "name", name: network, key: "cni_default_network" },
        readsSinglePlugins: true,
        requiresPlugins: true,
        configReload: "watch",
        executesLoopback: false,
        createsDefaultNetwork: false,
      },
      pathSetting: {
        file: setting && read.includes(setting) ? setting : main,
        key: binFlag ? "--cni-plugin-dir" : "crio.network.plugin_dirs",
        value: binDirs.value,
        kind: binFlag ? "flag" : "list",
        restart: "systemctl restart crio",
        ...(platform === "openshift"
          ? { note: "the Machine Config Operator reverts manual changes; use a MachineConfig" }
          : {}),
      },
    },
  ]
}

function withoutSlash(path: string): string {
  return path.trim().replace(/(.)\/+$/, "$1")
}
