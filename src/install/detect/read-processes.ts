import { basename } from "node:path"
import type { NodeFiles } from "./node-files.ts"

export type NodeProcess = { pid: number; name: string; words: string[] }

/** Every process of the node, including those in containers; empty if its /proc is not mounted below the root. */
export function readProcesses(files: NodeFiles): NodeProcess[] {
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
 * Whether a process runs in the node's own mount namespace, not in a container. A process whose namespace cannot be
 * read (without root, or a protected PID 1) is assumed to run on the node.
 */
export function isOfNode(files: NodeFiles, { pid }: NodeProcess): boolean {
  const own = files.linkTarget(`/proc/${pid}/ns/mnt`)
  const init = files.linkTarget("/proc/1/ns/mnt")
  const node = init ?? (files.root === "/" ? files.linkTarget("/proc/self/ns/mnt") : undefined)
  return own === undefined || node === undefined || own === node
}
