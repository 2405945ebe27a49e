import type { ChildProcess } from "node:child_process"
import { readFileSync } from "node:fs"

/** The program that `unshare --fork` or `nsenter` has started and waits for; without these, the process itself. */
export function lastDescendant(child: ChildProcess): number {
  let pid = Number(child.pid)
  for (;;) {
    const [next = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")
    if (next === "") return pid
    pid = Number(next)
  }
}
