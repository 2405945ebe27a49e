import { dirname, join, normalize } from "node:path"
import type { PlatformName } from "../known-platforms.ts"
import type { PathSetting, Runtime } from "../node-facts.ts"
import type { NodeFiles } from "../node-files.ts"
import type { Process } from "../processes.ts"
import { type CommandLine, flag, fromUnit, running } from "./command-line.ts"
import { readContainerdConfig } from "./containerd-config.ts"
import { textAt, textsAt } from "./toml.ts"
import { isVersionAtLeast, versionOf } from "./version.ts"

/** Whoever brings a containerd of its own, where its configuration lies, and which file its operator edits instead. */
type Home = { config: string; edit: string; restart: string; how?: string }

const DEFAULT: Home = {
  config: "/etc/containerd/config.toml",
  edit: "/etc/containerd/config.toml",
  restart: "systemctl restart containerd",
}

const HOMES: Home[] = [
  ...["k3s", "rke2"].map((name) => ({
    config: `/var/lib/rancher/${name}/agent/etc/containerd/config.toml`,
    edit: `/var/lib/rancher/${name}/agent/etc/containerd/config.toml.tmpl`,
    restart: name === "k3s" ? "systemctl restart k3s" : "systemctl restart rke2-server || systemctl restart rke2-agent",
    how: `${name} writes config.toml anew at each start, from a template if there is one`,
  })),
  {
    config: "/var/snap/microk8s/current/args/containerd.toml",
    edit: "/var/snap/microk8s/current/args/containerd-template.toml",
    restart: "snap restart microk8s.daemon-containerd",
    how: "MicroK8s writes containerd.toml anew at each start, from its template",
  },
  {
    config: "/etc/cri/containerd.toml",
    edit: "/etc/cri/conf.d/20-customization.part",
    restart: "talosctl reboot",
    how: "the file is part of the machine configuration (machine.files)",
  },
]

const SOCKET = "/run/containerd/containerd.sock"

const HOW: Partial<Record<PlatformName, string>> = {
  gke: "GKE writes the file anew when the node is made; a node pool's configuration cannot set it",
  bottlerocket: "Bottlerocket writes the file from its settings, which have no such key",
  nixos: "the file is built from virtualisation.containerd.settings",
  aks: "AKS writes the file when the node is made",
}

/** Every containerd of the node that makes pods or could: those that run, then those that are only configured. */
export function findContainerds(files: NodeFiles, processes: readonly Process[], platform: PlatformName): Runtime[] {
  const daemons = running(files, processes, "containerd")
  const unit = fromUnit(files, "containerd.service")
  const started = daemons.map((line) => describe(files, platform, line, true))
  const configured = (config: string) =>
    files.isFile(config)
      ? [describe(files, platform, { words: ["containerd", "--config", config], from: config }, false)]
      : []
  const idle = [
    ...HOMES.flatMap(({ config }) => configured(config)),
    ...(unit ? [describe(files, platform, unit, false)] : []),
    ...configured(DEFAULT.config),
    ...(files.exists(SOCKET) ? [describe(files, platform, { words: ["containerd"], from: SOCKET }, false)] : []),
  ]
  const seen = new Set<string>()
  return [...started, ...idle].filter(({ configFile = DEFAULT.config }) => {
    const file = files.real(configFile) ?? configFile
    return seen.has(file) ? false : seen.add(file) !== undefined
  })
}

function describe(files: NodeFiles, platform: PlatformName, line: CommandLine, isRunning: boolean): Runtime {
  const configFile = flag(line, "--config", "-c") ?? DEFAULT.config
  const version = versionOf(files, line.executable ?? line.words[0] ?? "", ["containerd", "containerd.io"])
  const config = readContainerdConfig(files, configFile, version)
  const { cni, key, origins } = config
  const confDir = textAt(cni, "conf_dir")
  const list = textsAt(cni, "bin_dirs")
  const single = textAt(cni, "bin_dir")
  const takesList = version === undefined ? list !== undefined : isVersionAtLeast(version, "2.1")
  const binDirs = (takesList ? list : undefined) ?? (single === undefined ? undefined : [single])
  const isTwice = takesList && list !== undefined && single !== undefined
  const broken = config.broken ?? (isTwice ? `${origins.bin_dir}: bin_dir and bin_dirs are both set` : undefined)
  const value = (name: string) => `${origins[name]}, ${key}.${name}`
  const chosenDirs =
    binDirs === undefined
      ? { value: ["/opt/cni/bin"], from: "containerd's default" }
      : { value: binDirs.map(normalizeDirectory), from: value(takesList && list ? "bin_dirs" : "bin_dir") }
  const socket = flag(line, "--address", "-a") ?? config.address ?? SOCKET
  const setting = pathSetting(files, configFile, platform, key, takesList)
  const other =
    takesList && single !== undefined ? `take ${value("bin_dir")} out: containerd does not start with both` : undefined
  const how = [setting.how, other].filter((it) => it !== undefined).join("; ")
  return {
    name: "containerd",
    ...(version === undefined ? {} : { version }),
    evidence: [...new Set([line.from, configFile, socket])].filter((it) => it === line.from || files.exists(it)),
    isRunning,
    ...(line.pid === undefined ? {} : { pid: line.pid }),
    socket,
    ...(files.isFile(configFile) ? { configFile } : {}),
    ...(broken === undefined ? {} : { broken }),
    ...(config.off === undefined ? {} : { off: config.off }),
    confDir:
      confDir === undefined
        ? { value: "/etc/cni/net.d", from: "containerd's default" }
        : { value: normalizeDirectory(confDir), from: value("conf_dir") },
    binDirs: chosenDirs,
    maxConfNum: typeof cni.max_conf_num === "number" ? cni.max_conf_num : 1,
    ownsLoopback: cni.use_internal_loopback !== true,
    pathSetting: { ...setting, value: chosenDirs.value, ...(how ? { how } : {}) },
  }
}

function pathSetting(
  files: NodeFiles,
  configFile: string,
  platform: PlatformName,
  key: string,
  takesList: boolean,
): Omit<PathSetting, "value"> {
  const real = files.real(configFile)
  const home = HOMES.find(({ config }) => config === configFile || (real && files.real(config) === real)) ?? {
    ...DEFAULT,
    edit: configFile,
  }
  const isV3 = key.includes("io.containerd.cri.v1.runtime")
  const how = home.how ?? HOW[platform]
  return {
    file: isV3 && home.edit.endsWith("/config.toml.tmpl") ? join(dirname(home.edit), "config-v3.toml.tmpl") : home.edit,
    key: `${key}.${takesList ? "bin_dirs" : "bin_dir"}`,
    kind: takesList ? "list" : "single",
    restart: home.restart,
    ...(how === undefined ? {} : { how }),
  }
}

function normalizeDirectory(path: string): string {
  return normalize(path).replace(/(.)\/$/, "$1")
}
