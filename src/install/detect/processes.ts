import { basename } from "node:path"
import type { NodeFiles } from "./node-files.ts"

export type Process = { pid: number; name: string; words: string[] }

/** Every process of the node, in containers too; none where its /proc is not mounted below the root. */
export function readProcesses(files: NodeFiles): Process[] {
  return files
    .list("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const words = files.text(`/proc/${pid}/cmdline`)?.split("\0").slice(0, -1) ?? []
      const [name = ""] = words
      return name === "" ? [] : [{ pid: Number(pid), name: basename(name), words }]
    })
    .sort((a, b) => a.pid - b.pid)
}

/**
 * Runs in the node's own mount namespace; one in a container of the node has other files before it. Where nobody may
 * look at a process (without root, or at a guarded PID 1), it is taken for one of the node.
 */
export function isOfNode(files: NodeFiles, { pid }: Process): boolean {
  const theirs = files.linkTarget(`/proc/${pid}/ns/mnt`)
  const init = files.linkTarget("/proc/1/ns/mnt")
  const node = init ?? (files.root === "/" ? files.linkTarget("/proc/self/ns/mnt") : undefined)
  return theirs === undefined || node === undefined || theirs === node
}
