/** What a running plugin waits for, as its node's /proc shows it. Undefined members could not be determined. */
export type ProcessWait = {
  /** the kernel function that the process sleeps in: "locks_lock_inode_wait"; missing if it runs */
  wchan?: string
  /** locks that it, or a process that it started, waits for */
  locks: LockWait[]
  /** connected and connecting sockets of it and of the processes that it started */
  sockets: PeerSocket[]
  /** the processes that it started and that still run */
  children: ProcessName[]
}

/** `name`: of the plugin or program, with the pod it works for if its environment names one: "host-local for shop/a". */
export type ProcessName = { pid: number; name: string }

export type LockWait = {
  /** the system call */
  kind: "flock" | "fcntl"
  /** the locked file */
  path?: string
  /** the process that waits */
  pid: number
  /** missing if the kernel does not name it, or it is in another PID namespace */
  holder?: ProcessName
}

/** `peer`: address and port, or the path of a unix socket; missing if the peer is not known. */
export type PeerSocket = { protocol: "tcp" | "udp" | "unix"; state: "connected" | "connecting"; peer?: string }

/** As one line: "flock of /var/lib/cni/networks/pods/lock, held by pid 812 (host-local for shop/a)". */
export function waitText({ wchan, locks, sockets, children }: ProcessWait): string {
  const [lock] = locks
  if (lock) return lockText(lock)
  const peers = [...new Set(sockets.flatMap(socketText))]
  if (peers.length > 0) return peers.join(", ")
  const [child] = children
  if (child) return `its child ${child.name} (pid ${child.pid})`
  return wchan ?? ""
}

/** The same as the predicate of a sentence: "waits for flock of …", "is connected to 10.96.0.1:443 (tcp)". */
export function waitPredicate(wait: ProcessWait): string {
  const isConnection = wait.locks.length === 0 && wait.sockets.some(({ peer }) => peer !== undefined)
  return `${isConnection ? "is" : "waits for"} ${waitText(wait)}`
}

function lockText({ kind, path = "an unknown file", holder }: LockWait): string {
  return `${kind} of ${path}${holder ? `, held by pid ${holder.pid} (${holder.name})` : ""}`
}

function socketText({ protocol, state, peer }: PeerSocket): string[] {
  if (peer === undefined) return []
  return [`${state === "connecting" ? "connecting to" : "connected to"} ${peer} (${protocol})`]
}
