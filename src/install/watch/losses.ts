import { lstatSync } from "node:fs"
import type { Disk } from "../disk/disk.ts"
import type { InstallStatus } from "../status/status.ts"

/** What another program has removed or replaced and an install puts back, for people. */
export function lossesOf({ plugins, list, observer, capture }: InstallStatus): string[] {
  const lost = plugins.filter(({ state }) => state !== "recorded" && state !== "waiting")
  return [
    ...lost.map(({ path, state }) => `${path} (${state})`),
    ...(list && list.state !== "edited" ? [`${list.path} (${list.state})`] : []),
    ...(observer && !observer.isRunning ? [`the observer (${observer.reason})`] : []),
    ...(capture.exists ? [] : [`${capture.path} (missing)`]),
  ]
}

/** The files of an install that another program may be writing. */
export function pathsOf({ plugins, list }: InstallStatus): string[] {
  return [...plugins.map(({ path }) => path), ...(list ? [list.path] : [])]
}

/** Two equal fingerprints in a row mean that the files are complete. */
export function fingerprint(disk: Disk, paths: readonly string[]): string {
  return paths
    .map((path) => {
      const stat = lstatSync(disk.entry(path), { bigint: true, throwIfNoEntry: false })
      return stat ? `${path} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.mode}` : `${path} -`
    })
    .join("\n")
}
