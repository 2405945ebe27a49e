import { execFile } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { promisify } from "node:util"
import { killCgroup, removeCgroup } from "./cgroup.ts"
import type { PodConfig } from "./cri.ts"
import { holdNamespaces } from "./isolated-process.ts"
import { buildPauseProgram } from "./pause-image.ts"
import { fetched, type PluginDirs, type Runtime, type RuntimeVersion } from "./runtime.ts"

/** Debian 12's, the last of Debian's with the CNI backend. A container of it takes the place of a pod. */
export const podman4: RuntimeVersion = { name: "Podman 4", checksVersions: true, start: startPodman }

async function startPodman(root: string, dirs: PluginDirs): Promise<Runtime> {
  const home = join(root, "podman")
  const rootfs = join(home, "rootfs")
  const cgroupParent = `/cnitap-${basename(root)}`
  mkdirSync(rootfs, { recursive: true })
  buildPauseProgram(rootfs)
  writeFileSync(join(home, "containers.conf"), containersConf(home, dirs))
  writeFileSync(join(home, "storage.conf"), storageConf(home))
  const namespaces = await holdNamespaces(root)

  const podman = async (...args: string[]) => {
    const [program = "", ...options] = namespaces.enter
    const command = [...options, fetched("podman-4", "usr/bin/podman"), ...args]
    const { stdout } = await promisify(execFile)(program, command, { env: environment(home) })
    return stdout.trim()
  }
  const stop = async () => {
    await podman("rm", "--all", "--force", "--time", "0").catch(() => {})
    await namespaces.end()
    await killCgroup(cgroupParent)
    removeCgroup(cgroupParent)
  }
  try {
    // Its first command creates its storage, and `cni.lock` in the configuration directory.
    await podman("network", "ls")
  } catch (cause) {
    await stop()
    throw cause
  }
  return {
    pid: namespaces.pid,
    stateDir: join(root, "var-lib"),
    cgroupParent,
    runPod: ({ name, portMappings = [] }: PodConfig) => {
      const ports = portMappings.flatMap(({ hostPort, containerPort }) => ["--publish", `${hostPort}:${containerPort}`])
      const cgroup = ["--cgroup-parent", cgroupParent]
      return podman("run", "--detach", "--name", name, ...ports, ...cgroup, "--rootfs", rootfs, "/pause")
    },
    stopPod: async (id) => void (await podman("stop", id)),
    removePod: async (id) => void (await podman("rm", id)),
    addressesOf: async (id) =>
      (await podman("inspect", id, "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}")).split(" "),
    stop,
  }
}

function environment(home: string): NodeJS.ProcessEnv {
  const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map((path) => fetched("podman-4", path))
  return {
    PATH: process.env.PATH,
    HOME: home,
    LD_LIBRARY_PATH: libraries.join(":"),
    CONTAINERS_CONF: join(home, "containers.conf"),
    CONTAINERS_STORAGE_CONF: join(home, "storage.conf"),
  }
}

/**
 * default_ulimits: podman would raise the limits, which a container forbids. lock_type: the locks are otherwise in
 * /dev/shm, which the machine and all nodes share.
 */
function containersConf(home: string, { binDir, spareBinDir, confDir }: PluginDirs): string {
  return `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[network]
network_backend = "cni"
network_config_dir = "${confDir}"
cni_plugin_dirs = ["${binDir}", "${spareBinDir}"]
default_network = "demo"
[engine]
lock_type = "file"
tmp_dir = "${home}/tmp"
cgroup_manager = "cgroupfs"
events_logger = "none"
runtime = "runc"
conmon_path = ["${fetched("podman-4", "usr/bin/conmon")}"]
`
}

function storageConf(home: string): string {
  return `[storage]
driver = "vfs"
graphroot = "${home}/root"
runroot = "${home}/run"
`
}
