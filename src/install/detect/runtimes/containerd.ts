import { dirname, join, normalize } from "node:path"
import type { NodeFiles } from "../node-files.ts"
import type { PlatformName } from "../platforms/known-platforms.ts"
import type { NodeProcess } from "../read-processes.ts"
import { type CommandLine, flag, fromUnit, pathFlag, running } from "./command-line.ts"
import { readContainerdConfig } from "./containerd-config.ts"
import type { PathSetting, Runtime, RuntimeBehaviour, RuntimeDetector } from "./runtime.ts"
import { textAt, textsAt } from "./toml.ts"
import { isVersionAtLeast, versionOf } from "./version.ts"

export const containerd: RuntimeDetector = { name: "containerd", find: findContainerds }

/** A distribution's own containerd: its configuration file, and the file that an operator edits instead of it. */
type Installation = { config: string; edit: string; restart: string; note?: string }

const DEFAULT: Installation = {
  config: "/etc/containerd/config.toml",
  edit: "/etc/containerd/config.toml",
  restart: "systemctl restart containerd",
}

const INSTALLATIONS: Installation[] = [
  ...["k3s", "rke2"].map((name) => ({
    config: `/var/lib/rancher/${name}/agent/etc/containerd/config.toml`,
    edit: `/var/lib/rancher/${name}/agent/etc/containerd/config.toml.tmpl`,
    restart: name === "k3s" ? "systemctl restart k3s" : "systemctl restart rke2-server || systemctl restart rke2-agent",
    note: `${name} regenerates config.toml at each start, from the template if it exists`,
  })),
  {
    config: "/var/snap/microk8s/current/args/containerd.toml",
    edit: "/var/snap/microk8s/current/args/containerd-template.toml",
    restart: "snap restart microk8s.daemon-containerd",
    note: "MicroK8s regenerates containerd.toml at each start, from its template",
  },
  {
    config: "/etc/cri/containerd.toml",
    edit: "/etc/cri/conf.d/20-customization.part",
    restart: "talosctl reboot",
    note: "the file is part of the machine configuration (machine.files)",
  },
]

const SOCKET = "/run/containerd/containerd.sock"

const PLATFORM_NOTES: Partial<Record<PlatformName, string>> = {
  gke: "GKE writes the file when it creates the node; the node pool configuration cannot set it",
  bottlerocket: "Bottlerocket generates the file from its settings, which have no such key",
  nixos: "the file is generated from virtualisation.containerd.settings",
  aks: "AKS writes the file when it creates the node",
}

/** Every containerd of the node: first those that run, then those that are only configured. */
function findContainerds(files: NodeFiles, processes: readonly NodeProcess[], platform: PlatformName): Runtime[] {
  const daemons = running(files, processes, "containerd")
  const unit = fromUnit(files, "containerd.service")
  const started = daemons.map((line) => describe(files, platform, line, true))
  const configured = (config: string) =>
    files.isFile(config)
      ? [describe(files, platform, { words: ["containerd", "--config", config], from: config }, false)]
      : []
  const stopped = [
    ...INSTALLATIONS.flatMap(({ config }) => configured(config)),
    ...(unit ? [describe(files, platform, unit, false)] : []),
    ...configured(DEFAULT.config),
    ...(files.exists(SOCKET) ? [describe(files, platform, { words: ["containerd"], from: SOCKET }, false)] : []),
  ]
  const seen = new Set<string>()
  return [...started, ...stopped].filter(({ configFile = DEFAULT.config }) => {
    const file = files.real(configFile) ?? configFile
    return seen.has(file) ? false : seen.add(file) !== undefined
  })
}

function describe(files: NodeFiles, platform: PlatformName, line: CommandLine, isRunning: boolean): Runtime {
  const configFile = pathFlag(line, "--config", "-c") ?? DEFAULT.config
  const version = versionOf(files, line.executable ?? line.words[0] ?? "", ["containerd", "containerd.io"])
  const config = readContainerdConfig(files, configFile, version)
  const { cni, key, origins } = config
  const confDir = textAt(cni, "conf_dir")
  const list = textsAt(cni, "bin_dirs")
  const single = textAt(cni, "bin_dir")
  const takesList = version === undefined ? list !== undefined : isVersionAtLeast(version, "2.1")
  const binDirs = (takesList ? list : undefined) ?? (single === undefined ? undefined : [single])
  const hasBoth = takesList && list !== undefined && single !== undefined
  const broken = config.broken ?? (hasBoth ? `${origins.bin_dir}: bin_dir and bin_dirs are both set` : undefined)
  const value = (name: string) => `${origins[name]}, ${key}.${name}`
  const chosenDirs =
    binDirs === undefined
      ? { value: ["/opt/cni/bin"], from: "containerd's default" }
      : { value: binDirs.map(normalizeDirectory), from: value(takesList && list ? "bin_dirs" : "bin_dir") }
  const socket = flag(line, "--address", "-a") ?? config.address ?? SOCKET
  const setting = pathSetting(files, configFile, platform, key, takesList)
  const other =
    takesList && single !== undefined
      ? `remove ${value("bin_dir")}: containerd does not start with both keys`
      : undefined
  const note = [setting.note, other].filter((it) => it !== undefined).join("; ")
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
    behaviour: {
      ...libcniOf(version),
      selection: { by: "first-files", count: typeof cni.max_conf_num === "number" ? cni.max_conf_num : 1 },
      readsSinglePlugins: true,
      requiresPlugins: false,
      configReload: "watch",
      executesLoopback: cni.use_internal_loopback !== true,
      createsDefaultNetwork: false,
    },
    pathSetting: { ...setting, value: chosenDirs.value, ...(note ? { note } : {}) },
  }
}

/** containerd has libcni 1.1 until 1.7, 1.2 in 2.0 and 1.3 since 2.1 (its go.mod). */
function libcniOf(version: string | undefined): Pick<RuntimeBehaviour, "libcni" | "newerLibcniIn"> {
  if (version === undefined) return {}
  if (isVersionAtLeast(version, "2.1")) return { libcni: "1.3" }
  return isVersionAtLeast(version, "2.0")
    ? { libcni: "1.2", newerLibcniIn: "containerd 2.1" }
    : { libcni: "1.1", newerLibcniIn: "containerd 2" }
}

function pathSetting(
  files: NodeFiles,
  configFile: string,
  platform: PlatformName,
  key: string,
  takesList: boolean,
): Omit<PathSetting, "value"> {
  const real = files.real(configFile)
  const installation = INSTALLATIONS.find(
    ({ config }) => config === configFile || (real && files.real(config) === real),
  ) ?? {
    ...DEFAULT,
    edit: configFile,
  }
  const isV3 = key.includes("io.containerd.cri.v1.runtime")
  const note = installation.note ?? PLATFORM_NOTES[platform]
  return {
    file:
      isV3 && installation.edit.endsWith("/config.toml.tmpl")
        ? join(dirname(installation.edit), "config-v3.toml.tmpl")
        : installation.edit,
    key: `${key}.${takesList ? "bin_dirs" : "bin_dir"}`,
    kind: takesList ? "list" : "single",
    restart: installation.restart,
    ...(note === undefined ? {} : { note }),
  }
}

function normalizeDirectory(path: string): string {
  return normalize(path).replace(/(.)\/$/, "$1")
}
