import type { Call } from "../../../model/call.ts"
import type { ProcessWait } from "../../../model/process-wait.ts"
import { pluginPidOf, sharesProcesses } from "../process.ts"
import { waitedLocks } from "./locks.ts"
import { descendants, processName, procNames, procText } from "./process-files.ts"
import { peerSockets } from "./sockets.ts"

/**
 * What the plugin of a running call waits for, read from /proc. Undefined for a call that has ended, of another node or of an
 * earlier boot: the state `running` excludes these, because it is decided from the process' start. Also undefined in a
 * container that does not share the PIDs of the node.
 */
export function readProcessWait(call: Pick<Call, "state" | "pid" | "as">, root = "/"): ProcessWait | undefined {
  if (!sharesProcesses(root)) return undefined
  const pid = call.state === "running" ? pluginPidOf(call) : undefined
  if (pid === undefined) return undefined
  const below = descendants(pid)
  const wchan = wchanOf(pid)
  return {
    ...(wchan === undefined ? {} : { wchan }),
    locks: waitedLocks([pid, ...below]),
    sockets: [pid, ...below].flatMap(peerSockets),
    children: descendants(pid, 1).map(processName),
  }
}

/** Threads of a Go program that have nothing to do sleep in these. */
const IDLE = /^(?:futex_|ep_poll|do_epoll|hrtimer_nanosleep|do_nanosleep)/

/** The function that a thread sleeps in; of several threads, the first that is not an idle one of Go's runtime. */
function wchanOf(pid: number): string | undefined {
  const found = procNames(`${pid}/task`).flatMap((task) => {
    const text = procText(`${pid}/task/${task}/wchan`)
    return text === undefined || text === "0" || text === "" ? [] : [text]
  })
  return found.find((name) => !IDLE.test(name)) ?? found[0]
}
