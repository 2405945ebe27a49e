import { basename, join } from "node:path"
import type { Chosen } from "../node-facts.ts"
import type { NodeFiles } from "../node-files.ts"
import type { NodeProcess } from "../read-processes.ts"
import { type CommandLine, running } from "./command-line.ts"
import type { Runtime, RuntimeDetector } from "./runtime.ts"
import { readToml, tableAt, textAt, textsAt } from "./toml.ts"
import { versionOf } from "./version.ts"

export const podman: RuntimeDetector = { name: "podman", find: findPodman }

const PROGRAMS = ["/usr/bin/podman", "/usr/local/bin/podman"]
const NETAVARK = ["/usr/lib/podman/netavark", "/usr/libexec/podman/netavark", "/usr/local/libexec/podman/netavark"]
const BACKEND_FILE = "/var/lib/containers/storage/defaultNetworkBackend"
const BIN_DIRS = ["/usr/local/libexec/cni", "/usr/libexec/cni", "/usr/local/lib/cni", "/usr/lib/cni", "/opt/cni/bin"]

/** Root's podman, if its network backend is CNI. It has no daemon: it runs as long as one of its containers does. */
function findPodman(files: NodeFiles, processes: readonly NodeProcess[]): Runtime[] {
  const program = PROGRAMS.find((path) => files.isFile(path))
  if (program === undefined) return []
  const dropIns = "/etc/containers/containers.conf.d"
  const read = [
    "/usr/share/containers/containers.conf",
    "/etc/containers/containers.conf",
    ...files
      .list(dropIns)
      .filter((name) => name.endsWith(".conf"))
      .map((name) => join(dropIns, name)),
  ].filter((path) => files.isFile(path))

  let backend: Chosen<string> | undefined
  let confDir: Chosen<string> = { value: "/etc/cni/net.d", from: "podman's default" }
  let binDirs: Chosen<string[]> = { value: BIN_DIRS, from: "podman's default" }
  let defaultNetwork = "podman"
  let broken: string | undefined
  for (const path of read) {
    const toml = readToml(files, path)
    broken ??= toml?.broken
    const network = tableAt(toml?.table ?? {}, "network")
    const name = textAt(network, "network_backend")
    const dir = textAt(network, "network_config_dir")
    const dirs = textsAt(network, "cni_plugin_dirs")
    if (name) backend = { value: name, from: `${path}, network.network_backend` }
    if (dir) confDir = { value: dir, from: `${path}, network.network_config_dir` }
    if (dirs) binDirs = { value: dirs, from: `${path}, network.cni_plugin_dirs` }
    defaultNetwork = textAt(network, "default_network") ?? defaultNetwork
  }
  backend ??= backendOfStorage(files)
  if (backend.value !== "cni") return []
  const version = versionOf(files, program, ["podman"])
  const [setting] = binDirs.from.split(", ")
  const active = activity(files, processes)
  return [
    {
      name: podman.name,
      ...(version === undefined ? {} : { version }),
      evidence: [program, backend.from, ...(active ? [active.from] : [])],
      isRunning: active !== undefined,
      ...(broken === undefined ? {} : { broken }),
      confDir,
      binDirs,
      behaviour: {
        // Its last releases with CNI (4.x, 5.x) have libcni 1.1 and read lists only (containers/common,
        // libnetwork/cni).
        libcni: "1.1",
        selection: { by: "container", defaultName: defaultNetwork },
        readsSinglePlugins: false,
        requiresPlugins: false,
        configReload: "per-command",
        executesLoopback: false,
        createsDefaultNetwork: true,
      },
      pathSetting: {
        file: setting && read.includes(setting) ? setting : "/etc/containers/containers.conf",
        key: "network.cni_plugin_dirs",
        value: binDirs.value,
        kind: "list",
        restart: "nothing to restart: podman reads it at each start",
      },
    },
  ]
}

/** A podman command or its API service, or the monitor of a container, which runs podman when the container exits. */
function activity(files: NodeFiles, processes: readonly NodeProcess[]): CommandLine | undefined {
  const monitors = running(files, processes, "conmon").filter(({ words }) =>
    words.some((word) => basename(word) === podman.name),
  )
  return [...running(files, processes, podman.name), ...monitors][0]
}

/** The backend that podman chose when its storage was created, or would choose now: netavark if it is installed. */
function backendOfStorage(files: NodeFiles): Chosen<string> {
  const chosen = files.text(BACKEND_FILE)?.trim()
  if (chosen) return { value: chosen, from: BACKEND_FILE }
  const netavark = NETAVARK.find((path) => files.isFile(path))
  return netavark ? { value: "netavark", from: netavark } : { value: "cni", from: "netavark is not installed" }
}
