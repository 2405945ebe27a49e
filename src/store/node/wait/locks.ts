import type { LockWait } from "../../../model/process-wait.ts"
import { inodeOf, openFiles, processName, procNames, procText } from "./process-files.ts"

/** The file locks that threads of these processes wait for, with their holders. */
export function waitedLocks(pids: readonly number[]): LockWait[] {
  return pids.flatMap((pid) =>
    procNames(`${pid}/task`).flatMap((task): LockWait[] => {
      const call = parseLockCall(procText(`${pid}/task/${task}/syscall`) ?? "")
      if (call === undefined || !/lock/.test(procText(`${pid}/task/${task}/wchan`) ?? "")) return []
      const path = openFiles(pid).find(({ fd }) => fd === call.fd)?.target
      const inode = inodeOf(pid, call.fd)
      const holder = inode === undefined ? undefined : holderOf(inode, pid)
      return [
        {
          kind: call.kind,
          pid,
          ...(path === undefined ? {} : { path }),
          ...(holder === undefined ? {} : { holder: processName(holder) }),
        },
      ]
    }),
  )
}

/** Numbers of flock(2) and fcntl(2) on x86-64 and on arm64. */
const LOCK_CALLS: Readonly<Record<string, LockWait["kind"]>> = { 73: "flock", 32: "flock", 72: "fcntl", 25: "fcntl" }

/** proc_pid_syscall(5): the number of the system call that a thread is in, and its arguments: `73 0x4 0x2 …`. */
export function parseLockCall(text: string): { kind: LockWait["kind"]; fd: string } | undefined {
  const [number = "", fd = ""] = text.split(" ")
  const kind = LOCK_CALLS[number]
  return kind === undefined ? undefined : { kind, fd: String(Number(fd)) }
}

/**
 * The process that took the lock, if it lives. A lock of flock(2) belongs to the open file: if the process that took it
 * has ended, one that inherited the file holds it, and /proc/locks has neither the lock nor its waiters.
 */
function holderOf(inode: number, waiter: number): number | undefined {
  const named = parseLocks(procText("locks") ?? "").find((lock) => lock.inode === inode && lock.pid > 0)?.pid
  if (named !== undefined && procText(`${named}/stat`) !== undefined) return named
  return procNames("")
    .map(Number)
    .find((pid) => pid > 0 && pid !== waiter && holdsLock(pid, inode))
}

/** proc_locks(5) without the waiters: `1: FLOCK  ADVISORY  WRITE 2729 fe:00:2146378 0 EOF`. */
export function parseLocks(text: string): { pid: number; inode: number }[] {
  return [...text.matchAll(/^\d+: \w+ +\w+ +\w+ +(-?\d+) [\da-f]+:[\da-f]+:(\d+) /gim)].map(([, pid, inode]) => ({
    pid: Number(pid),
    inode: Number(inode),
  }))
}

/** proc_pid_fdinfo(5) lists the locks of an open file. */
function holdsLock(pid: number, inode: number): boolean {
  const isLocked = new RegExp(`^lock:.*:${inode} `, "m")
  return openFiles(pid).some(
    ({ fd, target }) => target.startsWith("/") && isLocked.test(procText(`${pid}/fdinfo/${fd}`) ?? ""),
  )
}
