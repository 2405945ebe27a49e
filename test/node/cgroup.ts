import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs"
import { join } from "node:path"
import { killAll } from "./processes.ts"

const MOUNT = "/sys/fs/cgroup"

/** Kills every process in this cgroup and its descendants. */
export async function killCgroup(path: string): Promise<void> {
  await killAll(() => directoriesOf(path).flatMap(pidsOf))
}

/** Removes the cgroup and its empty descendants from every hierarchy. */
export function removeCgroup(path: string): void {
  for (const directory of directoriesOf(path).reverse()) rmdirSync(directory)
}

/** cgroup v2 has one hierarchy, v1 one for each controller; parents before children. */
function directoriesOf(path: string): string[] {
  const hierarchies = readdirSync(MOUNT, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const roots = [MOUNT, ...hierarchies.map(({ name }) => join(MOUNT, name))]
  return roots.map((root) => join(root, path)).flatMap((directory) => (existsSync(directory) ? tree(directory) : []))
}

function tree(directory: string): string[] {
  const children = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [directory, ...children.flatMap(({ name }) => tree(join(directory, name)))]
}

function pidsOf(directory: string): number[] {
  try {
    return readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number)
  } catch {
    return []
  }
}
