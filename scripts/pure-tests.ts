/** Which tests are pure: they run in one process, without root, a build or another program. */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"

/** What a pure test must not reach, itself or through what it imports. */
const STARTS_PROCESSES = /^(node:)?child_process$|^playwright/
/** `.proc` starts processes, `.web` a browser, `.runtime` a container runtime, `.cluster` Kubernetes, `.kernel` other kernels; without any of these it is pure. */
const KINDS = ["proc", "web", "runtime", "cluster", "kernel"]

export function isPure(path: string): boolean {
  return /(^|\/)[^./]+\.test\.ts$/.test(path)
}

/** Test files, relative to `root`, whose name promises what they do not keep. */
export function complaintsAboutTests(root: string, files: readonly string[]): string[] {
  return files
    .filter((file) => file.endsWith(".test.ts"))
    .flatMap((file) => {
      const kind = /\.([^./]+)\.test\.ts$/.exec(file)?.[1]
      if (kind !== undefined && !KINDS.includes(kind)) return [`${file}: .${kind}.test.ts is not a kind of test`]
      if (kind !== undefined) return []
      const way = wayToProcesses(join(root, file), new Set())
      if (!way) return []
      const names = way.map((path) => relative(root, path) || path)
      return [`${file} is not pure, name it .proc.test.ts: ${names.join(" imports ")}`]
    })
}

/** The chain of imports to a module that starts processes; its last entry is what that file imports. */
function wayToProcesses(file: string, seen: Set<string>): string[] | undefined {
  if (seen.has(file)) return undefined
  seen.add(file)
  for (const specifier of importsAtRunTime(readFileSync(file, "utf8"))) {
    if (STARTS_PROCESSES.test(specifier)) return [file, specifier]
    const target = specifier.startsWith(".") ? resolve(dirname(file), specifier) : undefined
    const rest = target !== undefined && existsSync(target) ? wayToProcesses(target, seen) : undefined
    if (rest) return [file, ...rest]
  }
  return undefined
}

/** Without type imports, which leave no trace in what runs. */
function importsAtRunTime(text: string): string[] {
  const pattern =
    /^\s*(?:import|export)\b(?!\s+type\b)[^"'()]*?from\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm
  return [...text.matchAll(pattern)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "")
}
