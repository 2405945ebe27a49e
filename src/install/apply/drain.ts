import { readdirSync, readFileSync } from "node:fs"
import type { NodeFacts } from "../detect/node-facts.ts"
import { pluginDirsOf } from "../detect/plugin-dirs.ts"
import { isSameDirectory } from "../disk/plugin-dir.ts"
import { sleep } from "../undo/rollback.ts"

/** How long runtimes that watch the directory need to read a configuration; the others look every five seconds. */
const WATCHED_MS = 500
const POLLED_MS = 6_000
/** An operation in the middle of its list runs no plugin for a moment: only a quiet while tells that it has ended. */
const QUIET_MS = 200
const LOOK_MS = 20
const PATIENCE_MS = 20_000

/**
 * Waits until runtimes work with the configuration that was just put back, and until the operations that began with
 * the one before have ended: a probe that is taken from them would fail them. Returns those that did not end.
 */
export function drain(facts: NodeFacts): string[] {
  const { root, runtimes } = facts
  const directories = pluginDirsOf(facts)
  const isPolled = runtimes.some(({ isRunning, behaviour }) => isRunning && behaviour.configReload === "poll")
  const startMs = Date.now()
  const isSeen = root === "/" || isSameDirectory("/proc/1/root", root)
  // From a container without the node's processes nobody can tell; a node without a runtime has none.
  const unseenMs = isSeen || runtimes.length === 0 ? 0 : PATIENCE_MS
  const readMs = startMs + (isPolled ? POLLED_MS : WATCHED_MS) + unseenMs
  const began = new Set<string>()
  let busyMs = startMs
  for (;;) {
    const nowMs = Date.now()
    const calls = isSeen ? callsUnderWay(directories) : []
    if (nowMs < readMs) for (const { containerId } of calls) began.add(containerId)
    const open = calls.filter(({ containerId }) => began.has(containerId))
    if (open.length > 0) busyMs = nowMs
    if (nowMs >= readMs && nowMs - busyMs >= QUIET_MS) return []
    if (nowMs - readMs > PATIENCE_MS) return open.map(({ text }) => text)
    sleep(LOOK_MS)
  }
}

type CallInFlight = { containerId: string; text: string }

/** Processes with the environment of a call from these directories. What a plugin left running has lost its parent. */
function callsUnderWay(binDirs: readonly string[]): CallInFlight[] {
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
      return parent === "1" ? [] : [{ containerId, text: `a call of ${name} that is under way (pid ${pid})` }]
    } catch {
      return []
    }
  })
}
