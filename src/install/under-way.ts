import { readdirSync, readFileSync } from "node:fs"
import type { NodeFacts } from "./facts.ts"
import { sleep } from "./undo.ts"

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
export function settle({ root, runtimes }: NodeFacts): string[] {
  const isPolled = runtimes.some(({ name, isRunning }) => isRunning && name === "cri-dockerd")
  sleep(isPolled ? POLLED_MS : WATCHED_MS)
  if (root !== "/") return []
  const untilMs = Date.now() + PATIENCE_MS
  let quietSinceMs = Date.now()
  for (;;) {
    const calls = callsUnderWay()
    if (calls.length > 0) quietSinceMs = Date.now()
    if (Date.now() - quietSinceMs >= QUIET_MS) return []
    if (Date.now() > untilMs) return calls
    sleep(LOOK_MS)
  }
}

/** Processes with the environment of a call. What a plugin left behind as a daemon has lost its parent. */
export function callsUnderWay(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "latin1")
        if (!/(?:^|\0)CNI_COMMAND=(?:ADD|DEL|CHECK)\0/.test(environment)) return []
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
        const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]
        const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"))
        return parent === "1" ? [] : [`a call of ${name} that is under way (pid ${pid})`]
      } catch {
        return []
      }
    })
}
