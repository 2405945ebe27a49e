import { basename, resolve } from "node:path"
import type { NodeFiles } from "../node-files.ts"
import { isOfNode, type NodeProcess } from "../read-processes.ts"

/** The command line of a daemon: of its process, or of its systemd unit if it does not run. */
export type CommandLine = {
  words: string[]
  from: string
  pid?: number
  executable?: string
  /** working directory, for relative paths; missing for one that cannot be read and for a unit: / */
  cwd?: string
}

/** Running daemons with this name in the node's own mount namespace, oldest first; those in containers are ignored. */
export function running(files: NodeFiles, processes: readonly NodeProcess[], daemon: string): CommandLine[] {
  return processes
    .filter((process) => process.name === daemon && isOfNode(files, process))
    .map(({ pid, words }) => {
      const executable = files.linkTarget(`/proc/${pid}/exe`)
      const cwd = files.linkTarget(`/proc/${pid}/cwd`)
      return {
        words,
        from: `process ${pid}`,
        pid,
        ...(executable ? { executable } : {}),
        ...(cwd ? { cwd } : {}),
      }
    })
}

/** The last ExecStart of a unit and its drop-ins. */
export function fromUnit(files: NodeFiles, unit: string): CommandLine | undefined {
  const unitDirs = ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
  const main = unitDirs.map((directory) => `${directory}/${unit}`).find((path) => files.isFile(path))
  if (main === undefined) return undefined
  const dropIns = unitDirs.flatMap((directory) =>
    files
      .list(`${directory}/${unit}.d`)
      .filter((name) => name.endsWith(".conf"))
      .map((name) => `${directory}/${unit}.d/${name}`),
  )
  let found: CommandLine | undefined
  for (const path of [main, ...dropIns.sort((a, b) => basename(a).localeCompare(basename(b)))]) {
    const text = (files.text(path) ?? "").replace(/\\\n/g, " ")
    for (const [, line = ""] of text.matchAll(/^[ \t]*ExecStart[ \t]*=(.*)$/gm)) {
      const words = line
        .trim()
        .replace(/^[-@:+!|]+/, "")
        .split(/\s+/)
        .map((word) => word.replace(/^(["'])(.*)\1$/, "$2"))
      found = words[0] ? { words, from: path } : undefined
    }
  }
  return found
}

/** The same for a path, which may be relative to the daemon's working directory. */
export function pathFlag(line: CommandLine, ...names: string[]): string | undefined {
  const path = flag(line, ...names)
  return path === undefined ? undefined : resolve(line.cwd ?? "/", path)
}

/** The value of `--name value` or `--name=value`; the last occurrence wins. */
export function flag({ words }: CommandLine, ...names: string[]): string | undefined {
  let value: string | undefined
  for (const [at, word] of words.entries()) {
    const [name = "", given] = word.split(/=(.*)/s)
    if (names.includes(name)) value = given ?? words[at + 1]
  }
  return value
}
