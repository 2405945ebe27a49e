import { isAbsolute } from "node:path"
import type { NodeFiles } from "../node-files.ts"

const TIMEOUT_MS = 5000

/**
 * The version of a daemon: as its executable reports it, or as the package database has it. Executables of a node that
 * is mounted elsewhere are not run. Undefined if neither reports a version.
 */
export function versionOf(files: NodeFiles, executable: string, packages: readonly string[]): string | undefined {
  return (files.root === "/" ? reportedVersion(files, executable) : undefined) ?? packageVersion(files, packages)
}

/** Compares numbers only: 1.7.24~rc1 is at least 1.7. */
export function isVersionAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split(/[^0-9]+/).map(Number))
  for (const [at, number] of (want ?? []).entries()) {
    const difference = (have?.[at] ?? 0) - number
    if (difference !== 0) return difference > 0
  }
  return true
}

function reportedVersion(files: NodeFiles, executable: string): string | undefined {
  if (!isAbsolute(executable)) return undefined
  const { stdout } = files.run(executable, ["--version"], { timeoutMs: TIMEOUT_MS })
  return /\bv?(\d+\.\d+(?:\.\d+)?(?:[-~][\w.]+)?)/.exec(stdout.toString("utf8"))?.[1]
}

/** dpkg's status file is text; RPM's binary database is not read. */
function packageVersion(files: NodeFiles, packages: readonly string[]): string | undefined {
  const status = files.text("/var/lib/dpkg/status") ?? ""
  for (const name of packages) {
    const entry = new RegExp(
      `^Package: ${name.replaceAll(".", "\\.")}\\n(?:.+\\n)*?Version: (?:\\d+:)?(\\d[\\d.]*)`,
      "m",
    )
    const version = entry.exec(status)?.[1]
    if (version !== undefined) return version.replace(/\.$/, "")
  }
  return undefined
}
