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

/** A containerd of our own. `stop` takes away its pods, its processes and its cgroups; the caller removes `root`. */
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
 * Starts containerd in a mount and a network namespace of its own, with `root` as its world: bridges, iptables rules,
 * /run and /var/lib of the machine stay as they are, whatever the plugins do, and two of them never meet.
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
    // CRI learns of images by an event, a moment later; a sandbox made before would pull it from a registry.
    while (!(await cri.hasImage(PAUSE_IMAGE))) await sleep(20)
  } catch (cause) {
    await stop(daemon, cri, cgroupParent)
    throw cause
  }
  return { ...handle, stop: () => stop(daemon, cri, cgroupParent) }
}

/**
 * Runs a program in new namespaces, `root`'s directories bound over /run and /var/lib. In a session of its own, for a
 * Ctrl-C in the terminal would reach it too and end it before its pods are gone; yet it does not outlive us.
 */
function spawnIsolated(root: string, logFile: string, command: string[]): ChildProcess {
  const script = 'mount --bind "$0/run" /run && mount --bind "$0/var-lib" /var/lib && ip link set lo up && exec "$@"'
  const unshare = ["unshare", "--mount", "--net", "--propagation", "private"]
  const log = openSync(logFile, "a")
  const daemon = spawn("setpriv", ["--pdeathsig", "KILL", ...unshare, "sh", "-c", script, root, ...command], {
    cwd: "/",
    // A service's environment: plugins inherit it, and this terminal's is nothing that they should see.
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
  // A pod that could not be removed leaves a shim, which outlives containerd by design, and its own process.
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

/** restrict_oom_score_adj: in a container we may not lower our score, and containerd would fail every pod. */
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
