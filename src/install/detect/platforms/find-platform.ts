import type { Chosen } from "../node-facts.ts"
import type { NodeFiles } from "../node-files.ts"
import { DEFAULT_PLATFORM, PLATFORMS, type Platform } from "./known-platforms.ts"

const OS_RELEASE = "/etc/os-release"

/**
 * Identified by os-release or by its files. An operating system that other platforms use too (Azure Linux) has no
 * `ids`.
 */
export function findPlatform(files: NodeFiles): { platform: Platform; evidence: string[] } {
  const release = files.text(OS_RELEASE) ?? ""
  const lines = [...release.matchAll(/^(?:ID|NAME)=["']?([\w.-]+)["']?$/gm)]
  for (const platform of PLATFORMS) {
    const line = lines.find(([, name = ""]) => platform.ids?.includes(name.toLowerCase()))
    const evidence = [
      ...(line ? [`${OS_RELEASE}, ${line[0]}`] : []),
      ...(platform.paths ?? []).filter((path) => files.exists(path)),
    ]
    if (evidence.length > 0) return { platform, evidence }
  }
  return { platform: DEFAULT_PLATFORM, evidence: [] }
}

/** The default of the platform, used if no runtime configuration sets the directory. */
export function confDirOf(files: NodeFiles, { name, confDirs }: Platform): Chosen<string> {
  return { value: firstExisting(files, confDirs), from: `the default of ${nameOf(name)}` }
}

export function binDirsOf(files: NodeFiles, { name, binDirs }: Platform): Chosen<string[]> {
  return { value: [firstExisting(files, binDirs)], from: `the default of ${nameOf(name)}` }
}

function firstExisting(files: NodeFiles, directories: readonly string[]): string {
  return directories.find((path) => files.isDirectory(path)) ?? directories[0] ?? "/"
}

function nameOf(name: Platform["name"]): string {
  return name === "default" ? "every runtime" : name
}
