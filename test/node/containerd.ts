import { type ChildProcess, execFile, spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { Fault } from "../../src/fault/fault.ts"
import { killCgroup, removeCgroup } from "./cgroup.ts"
import { CriClient } from "./cri.ts"
import { buildPauseImage, PAUSE_IMAGE } from "./pause-image.ts"
import { killNamespace, mountNamespaceOf } from "./processes.ts"

/** A private containerd. `stop` removes its pods, processes and cgroups; the caller removes `root`. */
export type Containerd = {
  pid: number
  socket: string
  logFile: string
  /** what the plugins see as /var/lib: `cni/networks` of host-local and `cni/results` of libcni are in it */
  stateDir: string
  /** cgroup for the pods; `stop` removes it */
  cgroupParent: string
  cri: CriClient
  stop(): Promise<void>
}

const START_MS = 20_000
const CALL_MS = 5000

/**
 * Starts containerd in its own mount and network namespace with its state below `root`. Whatever plugins do, the
 * bridges, iptables rules, /run and /var/lib of the machine are unaffected, and two nodes do not conflict.
 */
export async function startContainerd(root: string, dirs: { binDir: string; confDir: string }): Promise<Containerd> {
  if (process.getuid?.() !== 0) {
    throw new Fault("NOT_PERMITTED", "only root may start a containerd", "Run it with sudo.")
  }
  const home = join(root, "containerd")
  const stateDir = join(root, "var-lib")
  const socket = join(home, "containerd.sock")
  const logFile = join(home, "containerd.log")
  const cgroupParent = `/cnitap-${basename(root)}`
  for (const directory of [home, stateDir, join(root, "run")]) mkdirSync(directory, { recursive: true })
  const image = buildPauseImage(join(home, "image"))
  const config = join(home, "config.toml")
  writeFileSync(config, configText(home, socket, dirs))

  const daemon = spawnIsolated(root, logFile, ["containerd", "--config", config])
  const cri = new CriClient(socket)
  const handle = { pid: daemon.pid ?? 0, socket, logFile, stateDir, cgroupParent, cri }
  try {
    await untilReady(daemon, cri, logFile)
    await promisify(execFile)("ctr", ["-a", socket, "-n", "k8s.io", "images", "import", image])
    // The CRI plugin learns of images by an event; a sandbox created before that would pull the image from a registry.
    while (!(await cri.hasImage(PAUSE_IMAGE))) await sleep(20)
  } catch (cause) {
    await stop(daemon, cri, cgroupParent)
    throw cause
  }
  return { ...handle, stop: () => stop(daemon, cri, cgroupParent) }
}

/**
 * Runs a program in new namespaces, with directories of `root` mounted over /run and /var/lib. It has its own session,
 * so that Ctrl-C in the terminal does not end it before its pods are removed; it does not outlive this process.
 */
function spawnIsolated(root: string, logFile: string, command: string[]): ChildProcess {
  const script = 'mount --bind "$0/run" /run && mount --bind "$0/var-lib" /var/lib && ip link set lo up && exec "$@"'
  const unshare = ["unshare", "--mount", "--net", "--propagation", "private"]
  const log = openSync(logFile, "a")
  const daemon = spawn("setpriv", ["--pdeathsig", "KILL", ...unshare, "sh", "-c", script, root, ...command], {
    cwd: "/",
    // The environment of a service: plugins inherit it and must not see that of this terminal.
    env: { PATH: process.env.PATH },
    detached: true,
    stdio: ["ignore", log, log],
  })
  closeSync(log)
  return daemon
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
  const namespace = isRunning ? mountNamespaceOf(daemon.pid) : undefined
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
function configText(home: string, socket: string, { binDir, confDir }: { binDir: string; confDir: string }): string {
  return `version = 2
root = "${home}/root"
state = "${home}/state"
[grpc]
  address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${home}/opt"
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
