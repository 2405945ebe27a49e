import { existsSync, readdirSync, readFileSync } from "node:fs"
import type { NodeFacts } from "../detect/node-facts.ts"
import { pluginDirsOf } from "../detect/plugin-dirs.ts"
import { isSameDirectory } from "../disk/plugin-dir.ts"
import { sleep } from "../disk/sleep.ts"

/** The time until a runtime has read a changed configuration: most watch the directory, cri-dockerd polls every 5 s. */
const WATCH_DELAY_MS = 500
const POLL_DELAY_MS = 6_000
/**
 * Between two plugins of a list no process runs, so an operation counts as finished only after this time without one.
 */
const QUIET_MS = 200
const POLL_INTERVAL_MS = 20
const TIMEOUT_MS = 20_000

/**
 * Waits until runtimes use the restored configuration, and until the operations that started with the previous one have
 * finished, because they would fail without the probes. Returns a description of the calls that did not finish in time.
 */
export function drain(facts: NodeFacts): string[] {
  const { root, runtimes } = facts
  const directories = pluginDirsOf(facts)
  const isPolled = runtimes.some(({ isRunning, behaviour }) => isRunning && behaviour.configReload === "poll")
  const startMs = Date.now()
  const seesProcesses = root === "/" ? existsSync("/proc/self") : isSameDirectory("/proc/1/root", root)
  // Without access to the node's processes, calls cannot be observed: wait longer, unless there is no runtime.
  const blindMs = seesProcesses || runtimes.length === 0 ? 0 : TIMEOUT_MS
  const reloadedMs = startMs + (isPolled ? POLL_DELAY_MS : WATCH_DELAY_MS) + blindMs
  const containers = new Set<string>()
  let busyMs = startMs
  for (;;) {
    const nowMs = Date.now()
    const calls = seesProcesses ? callsInFlight(directories) : []
    if (nowMs < reloadedMs) for (const { containerId } of calls) containers.add(containerId)
    const open = calls.filter(({ containerId }) => containers.has(containerId))
    if (open.length > 0) busyMs = nowMs
    if (nowMs >= reloadedMs && nowMs - busyMs >= QUIET_MS) return []
    if (nowMs - reloadedMs > TIMEOUT_MS) return open.map(({ text }) => text)
    sleep(POLL_INTERVAL_MS)
  }
}

type PluginProcess = { containerId: string; text: string }

/**
 * Processes with the environment of a call to these directories. A process that a plugin left running has PID 1 as its
 * parent.
 */
function callsInFlight(binDirs: readonly string[]): PluginProcess[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0")
      const variable = (name: string) =>
        environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1)
      const containerId = variable("CNI_CONTAINERID")
      const path = variable("CNI_PATH")?.split(":") ?? []
      if (containerId === undefined || !binDirs.some((binDir) => path.includes(binDir))) return []
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"))
      const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]
      return parent === "1" ? [] : [{ containerId, text: `a running call of ${name} (PID ${pid})` }]
    } catch {
      return []
    }
  })
}
