/** Compiles the C programs beside this file, once for each version of their source. */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"

/** Path of a static executable: the plugin that does what its JSON file says, or the launcher. */
export function double(program: "plugin" | "launch"): string {
  const source = join(import.meta.dirname, `${program}.c`)
  const version = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 8)
  const folder = join(import.meta.dirname, "../../build/doubles")
  const executable = join(folder, `${program}-${version}`)
  if (existsSync(executable)) return executable
  mkdirSync(folder, { recursive: true })
  const unfinished = `${executable}.${process.pid}`
  execFileSync("musl-gcc", ["-O2", "-static", "-s", "-Wall", "-Wextra", "-o", unfinished, source])
  renameSync(unfinished, executable)
  return executable
}
