import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Mount } from "./node-facts.ts"
import type { NodeFiles } from "./node-files.ts"

/**
 * The mount of each directory, from the node's mount table. Without a separate root, or if the node's /proc cannot be
 * read, from this process' table, in which a read-only volume shows too.
 */
export function findMounts(files: NodeFiles, directories: readonly string[]): Mount[] {
  const isMounted = files.root !== "/"
  // The table of PID 1 has paths as PID 1 sees them, which differ in a chroot.
  const own = isMounted ? files.text("/proc/1/mountinfo") : undefined
  const table = own === undefined ? ownMounts() : parseMountinfo(own)
  return [...new Set(directories)].flatMap((directory) => {
    const real = files.real(directory) ?? directory
    const path = own === undefined && isMounted ? join(files.root, real) : real
    const mount = mountOf(table, path)
    return mount ? [{ directory, ...mount }] : []
  })
}

/** As this process sees them. None if /proc is not mounted: then the call that changes a read-only directory fails. */
export function ownMounts(): MountEntry[] {
  try {
    return parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"))
  } catch {
    return []
  }
}

/**
 * Where network namespaces are mounted on a node whose file system is mounted here: by its own mount table, because mounts
 * that it made later may not be visible here. Undefined if that cannot be read, or without a separate root.
 */
export function findNetnsMounts(files: NodeFiles): ReadonlySet<string> | undefined {
  const table = files.root === "/" ? undefined : files.text("/proc/1/mountinfo")
  if (!table) return undefined
  return new Set(parseMountinfo(table).flatMap(({ fsType, mountPoint }) => (fsType === "nsfs" ? [mountPoint] : [])))
}

type MountEntry = Omit<Mount, "directory">

/** proc(5): ID, parent, device, root, mount point, options, optional fields, `-`, type, source, super options. */
export function parseMountinfo(text: string): MountEntry[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after] = line.split(" - ")
    const [, , , , point, options = ""] = before.split(" ")
    if (point === undefined || after === undefined) return []
    const [fsType = "", , superOptions = ""] = after.split(" ")
    const all = [...new Set([...options.split(","), ...superOptions.split(",")])]
    return [
      {
        mountPoint: unescapeOctal(point),
        fsType,
        options: all,
        isReadOnly: all.includes("ro"),
        isNoexec: all.includes("noexec"),
        isOverlay: fsType === "overlay",
        isTmpfs: fsType === "tmpfs",
      },
    ]
  })
}

/** The deepest mount point above the path; of several at the same point the last one wins. */
export function mountOf(table: readonly MountEntry[], path: string): MountEntry | undefined {
  let found: MountEntry | undefined
  for (const row of table) {
    const prefix = row.mountPoint === "/" ? "/" : `${row.mountPoint}/`
    const isAbove = path === row.mountPoint || path.startsWith(prefix)
    if (isAbove && row.mountPoint.length >= (found?.mountPoint.length ?? 0)) found = row
  }
  return found
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
