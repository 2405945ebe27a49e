import { FAULTS, Fault } from "../../fault/fault.ts"
import { codeOf, type Disk } from "./disk.ts"
import type { PluginDirLayout } from "./layout.ts"
import { readObserver, removeObserverFiles } from "./observer-state.ts"
import { isRunning } from "./process-identity.ts"
import { sleep } from "./sleep.ts"

/** The hidden verb that starts the observer, and ends when it observes or could not be started. */
const START_OBSERVER = ["__observe", "--detach"]

const START_TIMEOUT_MS = 60_000
/** An observer writes what it has read, and then ends. */
const PATIENCE_MS = 10_000
const POLL_MS = 10

/** Starts the observer of this install in a session of its own, instead of one that runs. `args`: the flags of the node. */
export function startObserver(disk: Disk, layout: PluginDirLayout, args: readonly string[]): void {
  endProcess(disk, layout)
  const [program, ...own] = programOf(process)
  const { error, status, stderr } = disk.run(program, [...own, ...START_OBSERVER, ...args], {
    timeoutMs: START_TIMEOUT_MS,
  })
  if (!error && status === 0) return
  // The first sentence says what failed, the rest what to do.
  const [, what, hint] = /^cnitap: (.*?)\. (.*)/s.exec(stderr.toString("utf8").trim()) ?? []
  throw new Fault(
    status === FAULTS.NOT_PERMITTED ? "NOT_PERMITTED" : "REFUSED",
    what ?? `the observer could not be started${error ? `: ${error.message}` : ""}`,
    hint ?? "Run `cnitap observe` to see why.",
  )
}

/** Ends it, and removes what it has written about itself. One that runs this code itself is not ended. */
export function stopObserver(disk: Disk, layout: PluginDirLayout): void {
  endProcess(disk, layout)
  removeObserverFiles(disk, layout)
}

/** Also one that becomes the observer while another one is waited for. */
function endProcess(disk: Disk, layout: PluginDirLayout): void {
  for (;;) {
    const observer = readObserver(disk, layout)
    if (!observer?.isRunning || observer.process.pid === process.pid) return
    if (isRunning(observer.process) === undefined)
      throw new Fault("REFUSED", "the observer runs in another container", "Uninstall there.")
    signal(observer.process.pid, "SIGTERM")
    for (let waitedMs = 0; isRunning(observer.process); waitedMs += POLL_MS) {
      if (waitedMs === PATIENCE_MS) signal(observer.process.pid, "SIGKILL")
      sleep(POLL_MS)
    }
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (codeOf(error) === "ESRCH") return
    throw new Fault(
      "NOT_PERMITTED",
      `permission denied: cannot end the observer (process ${pid})`,
      "Run as root.",
      error,
    )
  }
}

/** The node executable is the program itself; of Node.js it is the script. */
function programOf({ execPath, argv }: NodeJS.Process): [string, ...string[]] {
  const [, script = ""] = argv
  return script.endsWith(".js") ? [execPath, script] : [execPath]
}
