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

/** Runs in the node's own mount namespace; one in a container of the node has other files before it. */
export function isOfNode(files: NodeFiles, { pid }: Process): boolean {
  return files.linkTarget(`/proc/${pid}/ns/mnt`) === files.linkTarget("/proc/1/ns/mnt")
}
