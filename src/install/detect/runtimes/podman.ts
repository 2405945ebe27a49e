import { join } from "node:path"
import type { Chosen, Runtime } from "../node-facts.ts"
import type { NodeFiles } from "../node-files.ts"
import { readToml, tableAt, textAt, textsAt } from "./toml.ts"
import { versionOf } from "./version.ts"

const PROGRAMS = ["/usr/bin/podman", "/usr/local/bin/podman"]
const NETAVARK = ["/usr/lib/podman/netavark", "/usr/libexec/podman/netavark", "/usr/local/libexec/podman/netavark"]
const CHOICE = "/var/lib/containers/storage/defaultNetworkBackend"
const BIN_DIRS = ["/usr/local/libexec/cni", "/usr/libexec/cni", "/usr/local/lib/cni", "/usr/lib/cni", "/opt/cni/bin"]

/** Root's podman, where its network backend is CNI; podman has no daemon, so that it never runs. */
export function findPodman(files: NodeFiles): Runtime | undefined {
  const program = PROGRAMS.find((path) => files.isFile(path))
  if (program === undefined) return undefined
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
  if (backend.value !== "cni") return undefined
  const version = versionOf(files, program, ["podman"])
  const [setting] = binDirs.from.split(", ")
  return {
    name: "podman",
    ...(version === undefined ? {} : { version }),
    evidence: [program, backend.from],
    isRunning: false,
    ...(broken === undefined ? {} : { broken }),
    confDir,
    binDirs,
    defaultNetwork,
    pathSetting: {
      file: setting && read.includes(setting) ? setting : "/etc/containers/containers.conf",
      key: "network.cni_plugin_dirs",
      value: binDirs.value,
      kind: "list",
      restart: "nothing: podman reads it at each start",
    },
  }
}

/** What podman chose when its storage was made, else what it would choose: netavark where that is installed. */
function backendOfStorage(files: NodeFiles): Chosen<string> {
  const chosen = files.text(CHOICE)?.trim()
  if (chosen) return { value: chosen, from: CHOICE }
  const netavark = NETAVARK.find((path) => files.isFile(path))
  return netavark ? { value: "netavark", from: netavark } : { value: "cni", from: "netavark is not installed" }
}
