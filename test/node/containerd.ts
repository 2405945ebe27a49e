import { type ChildProcess, execFile } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { Fault } from "../../src/fault/fault.ts"
import { killCgroup, removeCgroup } from "./cgroup.ts"
import { CriClient } from "./cri.ts"
import { spawnIsolated } from "./isolated-process.ts"
import { buildPauseImage, PAUSE_IMAGE } from "./pause-image.ts"
import { killNamespace, openNamespace } from "./processes.ts"
import { fetched, type PluginDirs, type Runtime, type RuntimeVersion } from "./runtime.ts"

export type Containerd = Runtime & { socket: string; logFile: string; cri: CriClient }

/** Debian 12's, as the machine has it. */
export const containerd1: RuntimeVersion<Containerd> = {
  name: "containerd 1",
  start: (root, dirs) => startContainerd(root, dirs, process.env.PATH, version2Config),
}

/** Debian's newer one, with Debian 12's runc: the newer runc needs a newer C library. */
export const containerd2: RuntimeVersion<Containerd> = {
  name: "containerd 2",
  start: (root, dirs) =>
    startContainerd(root, dirs, `${fetched("containerd-2", "usr/bin")}:${process.env.PATH}`, version3Config),
}

const START_MS = 20_000
const CALL_MS = 5000

async function startContainerd(
  root: string,
  dirs: PluginDirs,
  path = "",
  configOf: (home: string, socket: string, dirs: PluginDirs) => string,
): Promise<Containerd> {
  if (process.getuid?.() !== 0) {
    throw new Fault("NOT_PERMITTED", "only root may start a containerd", "Run it with sudo.")
  }
  const home = join(root, "containerd")
  const stateDir = join(root, "var-lib")
  const socket = join(home, "containerd.sock")
  const logFile = join(home, "containerd.log")
  const cgroupParent = `/cnitap-${basename(root)}`
  mkdirSync(home, { recursive: true })
  const image = buildPauseImage(join(home, "image"))
  const config = join(home, "config.toml")
  writeFileSync(config, configOf(home, socket, dirs))

  const daemon = spawnIsolated(root, logFile, path, ["containerd", "--config", config])
  const cri = new CriClient(socket)
  try {
    await untilReady(daemon, cri, logFile)
    await promisify(execFile)("ctr", ["-a", socket, "-n", "k8s.io", "images", "import", image], {
      env: { PATH: path },
    })
    // The CRI plugin learns of images by an event; a sandbox created before that would pull the image from a registry.
    while (!(await cri.hasImage(PAUSE_IMAGE))) await sleep(20)
  } catch (cause) {
    await stop(daemon, cri, cgroupParent)
    throw cause
  }
  return {
    pid: daemon.pid ?? 0,
    socket,
    logFile,
    stateDir,
    cgroupParent,
    cri,
    runPod: (pod, timeoutMs) => cri.runPodSandbox({ cgroupParent, ...pod }, timeoutMs),
    stopPod: (id) => cri.stopPodSandbox(id),
    removePod: (id) => cri.removePodSandbox(id),
    addressesOf: async (id) => (await cri.podSandboxStatus(id)).ips,
    stop: () => stop(daemon, cri, cgroupParent),
  }
}

async function untilReady(daemon: ChildProcess, cri: CriClient, logFile: string): Promise<void> {
  const untilMs = Date.now() + START_MS
  for (;;) {
    const isGone = daemon.exitCode !== null || daemon.signalCode !== null
    try {
      await cri.version(1000)
      return
    } catch (cause) {
      if (!isGone && Date.now() < untilMs) {
        await sleep(50)
        continue
      }
      throw new Fault(
        "INTERNAL",
        `containerd ${isGone ? "ended" : "does not answer"}: ${lastLines(logFile)}`,
        "Install what is missing with npm run setup.",
        cause,
      )
    }
  }
}

async function stop(daemon: ChildProcess, cri: CriClient, cgroupParent: string): Promise<void> {
  const isRunning = daemon.pid !== undefined && daemon.exitCode === null && daemon.signalCode === null
  const namespace = isRunning ? openNamespace(daemon.pid) : undefined
  if (isRunning) {
    await removePods(cri)
    const ended = new Promise((resolve) => daemon.once("exit", resolve))
    daemon.kill("SIGTERM")
    const isEnded = await Promise.race([ended.then(() => true), sleep(CALL_MS, false, { ref: false })])
    if (!isEnded) {
      daemon.kill("SIGKILL")
      await ended
    }
  }
  cri.close()
  // A pod that could not be removed leaves its process and a shim, which outlives containerd by design.
  if (namespace) await killNamespace(namespace)
  await killCgroup(cgroupParent)
  removeCgroup(cgroupParent)
}

async function removePods(cri: CriClient): Promise<void> {
  const ids = await cri.listPodSandbox(CALL_MS).catch(() => [])
  await Promise.all(
    ids.map(async (id) => {
      await cri.stopPodSandbox(id, CALL_MS).catch(() => {})
      await cri.removePodSandbox(id, CALL_MS).catch(() => {})
    }),
  )
}

function lastLines(file: string): string {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-3).join("; ")
}

/** restrict_oom_score_adj: in a container the score cannot be lowered, and containerd would fail every pod. */
function version2Config(home: string, socket: string, { binDir, confDir }: PluginDirs): string {
  return `version = 2
${placesOf(home, socket)}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${binDir}"
    conf_dir = "${confDir}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "native"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`
}

function version3Config(home: string, socket: string, { binDir, spareBinDir, confDir }: PluginDirs): string {
  return `version = 3
${placesOf(home, socket)}
[plugins."io.containerd.cri.v1.images"]
  snapshotter = "native"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "${PAUSE_IMAGE}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["${binDir}", "${spareBinDir}"]
    conf_dir = "${confDir}"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`
}

function placesOf(home: string, socket: string): string {
  return `root = "${home}/root"
state = "${home}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${home}/opt"`
}
