import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { compiled } from "../doubles/double.ts"

/** The BPF programs and maps that a process holds, as test/doubles/bpf-programs.c names them. */
export function objectsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fdinfo`
  return readdirSync(folder).flatMap((fd) => {
    const [, kind = "", id] = /^(prog|map)_id:\t(\d+)$/m.exec(text(join(folder, fd))) ?? []
    return id === undefined ? [] : [kind.slice(0, 1) + id]
  })
}

/** How many of these the kernel still has: it frees them once no processor can still be running them. */
export function countOf(objects: readonly string[]): number {
  if (objects.length === 0) return 0
  return Number(execFileSync(compiled(join(import.meta.dirname, "../doubles/bpf-programs.c")), objects))
}

/** A descriptor may be closed meanwhile. */
function text(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
