import type { NodeFiles } from "../node-files.ts"
import type { NodeProcess } from "../read-processes.ts"
import { flag, fromUnit, running } from "./command-line.ts"
import type { Runtime, RuntimeDetector } from "./runtime.ts"
import { versionOf } from "./version.ts"

export const criDockerd: RuntimeDetector = { name: "cri-dockerd", find: findCriDockerd }

const UNIT = "cri-docker.service"

/** cri-dockerd has no configuration file, only flags. */
function findCriDockerd(files: NodeFiles, processes: readonly NodeProcess[]): Runtime[] {
  const [process] = running(files, processes, "cri-dockerd")
  const unit = fromUnit(files, UNIT)
  const line = process ?? unit
  if (line === undefined) return []
  const version = versionOf(files, line.executable ?? line.words[0] ?? "", ["cri-dockerd"])
  const confDir = flag(line, "--cni-conf-dir")
  const binDirs = flag(line, "--cni-bin-dir")
  const plugin = flag(line, "--network-plugin")
  const chosenDirs = binDirs
    ? { value: binDirs.split(",").map((path) => path.trim()), from: `${line.from}, --cni-bin-dir` }
    : { value: ["/opt/cni/bin"], from: "cri-dockerd's default" }
  return [
    {
      name: criDockerd.name,
      ...(version === undefined ? {} : { version }),
      evidence: [line.from],
      isRunning: process !== undefined,
      ...(process?.pid === undefined ? {} : { pid: process.pid }),
      socket: flag(line, "--container-runtime-endpoint") ?? "/run/cri-dockerd.sock",
      ...(plugin && plugin !== "cni" ? { off: `${line.from}, --network-plugin=${plugin}` } : {}),
      confDir: confDir
        ? { value: confDir, from: `${line.from}, --cni-conf-dir` }
        : { value: "/etc/cni/net.d", from: "cri-dockerd's default" },
      binDirs: chosenDirs,
      behaviour: {
        selection: { by: "first-valid" },
        readsSinglePlugins: true,
        requiresPlugins: true,
        // It reads the directory every five seconds (cri-dockerd, network/cni).
        configReload: "poll",
        executesLoopback: false,
        createsDefaultNetwork: false,
      },
      pathSetting: {
        file: unit?.from ?? `/etc/systemd/system/${UNIT}`,
        key: "--cni-bin-dir",
        value: chosenDirs.value,
        kind: "flag",
        restart: "systemctl daemon-reload && systemctl restart cri-docker",
      },
    },
  ]
}
