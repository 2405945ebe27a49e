import { spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const PROGRAM = join(import.meta.dirname, "../../dist/cnitap.js")

export type Ran = { stdout: string; stderr: string; code: number | null }

/** The built program with these arguments, as a script runs it: no terminal. */
export function cnitap(
  args: readonly string[],
  more: { stdin?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ran> {
  return run(process.execPath, [PROGRAM, ...args], more)
}

export function run(
  file: string,
  args: readonly string[],
  { stdin = "", env, cwd }: { stdin?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Ran> {
  const child = spawn(file, args, {
    stdio: "pipe",
    env: { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: "/nonexistent", ...env },
    ...(cwd ? { cwd } : {}),
  })
  const ran: Ran = { stdout: "", stderr: "", code: null }
  child.stdout.setEncoding("utf8").on("data", (text) => {
    ran.stdout += text
  })
  child.stderr.setEncoding("utf8").on("data", (text) => {
    ran.stderr += text
  })
  child.stdin.on("error", () => {})
  child.stdin.end(stdin)
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code) => resolve({ ...ran, code }))
  })
}

/** A directory with `cnitap` in it, for shells that look it up. */
export function programDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "cnitap-bin-"))
  writeFileSync(join(path, "cnitap"), `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`)
  chmodSync(join(path, "cnitap"), 0o755)
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
