import type { ProgramOptions, ProgramResult, RunProgram } from "./run-program.ts"

/**
 * What Node.js has no API for: programs of GNU coreutils do it. In the node executable system calls do
 * (`src/engine/replaced/platform.ts`).
 */

/** Copies a file or symlink with owner, mode, times, SELinux label and other extended attributes. Returns why it failed. */
export function copyFile(run: RunProgram, from: string, to: string): string | undefined {
  const { error, status, stderr } = run("cp", ["--archive", "--preserve=all", "--no-target-directory", from, to])
  if (!error && status === 0) return undefined
  return `${error ? error.message : String(stderr).trim()} (GNU cp is needed)`
}

/** Copies owner, mode, SELinux label and other extended attributes. Returns why not all could be copied. */
export function copyAttributes(run: RunProgram, from: string, to: string): string | undefined {
  const { status } = run("cp", ["--attributes-only", "--preserve=all", "--no-preserve=timestamps", from, to])
  return status === 0 ? undefined : "GNU cp is needed, and this machine has another one or none"
}

/** The SELinux label of a file; undefined if it has none. */
export function selinuxLabel(run: RunProgram, path: string): string | undefined {
  const { stdout, status } = run("stat", ["--printf=%C", path])
  const label = stdout.toString("utf8")
  return status === 0 && label !== "" && label !== "?" ? label : undefined
}

/** Runs a program that sees a directory as its root; `file` is its path there. */
export function runInRoot(run: RunProgram, root: string, file: string, options: ProgramOptions): ProgramResult {
  return run("chroot", [root, file], options)
}
