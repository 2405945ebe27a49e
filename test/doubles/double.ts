/** Compiles programs, once for each version of their source. */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import { basename, join } from "node:path"

/** Path of a static executable: the plugin that performs the steps of its JSON file, or the launcher. */
export function double(program: "plugin" | "launch"): string {
  return compiled(join(import.meta.dirname, `${program}.c`))
}

/** Path of the static executable compiled from a C file. */
export function compiled(source: string): string {
  return built(source, ".c", (executable) => {
    execFileSync("musl-gcc", ["-O2", "-static", "-s", "-Wall", "-Wextra", "-o", executable, source])
  })
}

/** Path of what `compile` makes of this version of the source. */
export function built(source: string, suffix: string, compile: (executable: string) => void): string {
  const version = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 8)
  const folder = join(import.meta.dirname, "../../build/doubles")
  const executable = join(folder, `${basename(source, suffix)}-${version}`)
  if (existsSync(executable)) return executable
  mkdirSync(folder, { recursive: true })
  const unfinished = `${executable}.${process.pid}`
  compile(unfinished)
  renameSync(unfinished, executable)
  return executable
}
