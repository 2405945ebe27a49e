import { basename, dirname, join, normalize } from "node:path"
import type { NodeFiles } from "../node-files.ts"
import { merged, readToml, type TomlTable, tableAt, textAt, textsAt } from "./toml.ts"
import { isVersionAtLeast } from "./version.ts"

export type ContainerdConfig = {
  /** the keys of the CRI plugin's `cni` table */
  cni: TomlTable
  /** the key of that table in this version of the configuration file */
  key: string
  /** by key: the file that sets it */
  origins: Record<string, string>
  /** of the socket */
  address?: string
  /** why containerd would not start */
  broken?: string
  /** file and key that disable the CRI plugin */
  off?: string
}

/** The plugin with the CRI settings, by version of the configuration file. */
const SECTIONS = ["cri", "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"] as const

/** Reads the file and its imports, breadth first as containerd does; later files override earlier ones. */
export function readContainerdConfig(files: NodeFiles, path: string, version: string | undefined): ContainerdConfig {
  const config: ContainerdConfig = { cni: {}, key: "", origins: {} }
  const isVersion2 = version !== undefined && isVersionAtLeast(version, "2.0")
  const pending = [path]
  const loaded = new Set<string>()
  let rootVersion: number | undefined
  for (let file = pending.shift(); file !== undefined; file = pending.shift()) {
    if (loaded.has(file)) continue
    loaded.add(file)
    const toml = readToml(files, file)
    // If the main file is missing, containerd starts with defaults; if an imported one is missing, it does not start.
    const missing = !toml && file !== path ? `${file}, which ${path} imports, is missing` : undefined
    const broken = config.broken ?? toml?.broken ?? missing
    if (broken !== undefined) config.broken = broken
    if (!toml || toml.broken !== undefined) continue
    const { table } = toml
    const ownVersion = typeof table.version === "number" ? table.version : 1
    rootVersion ??= ownVersion
    const plugins = tableAt(table, "plugins")
    // In a version 1 file, containerd 1 accepts only the short names of plugins.
    const names = ownVersion === 1 && isVersion2 ? [SECTIONS[0], SECTIONS[1]] : [sectionOf(ownVersion)]
    const section = names.find((name) => name in plugins)
    if (section !== undefined) {
      const cni = tableAt(plugins, section, "cni")
      // containerd 1 replaces the whole section of a plugin with that of a later file; containerd 2 merges them.
      const isMerged = version === undefined ? rootVersion >= 3 : isVersion2
      const origin = file
      const origins = Object.fromEntries(Object.keys(cni).map((name) => [name, origin]))
      config.cni = isMerged ? merged(config.cni, cni) : cni
      config.origins = isMerged ? { ...config.origins, ...origins } : origins
      config.key = keyOf(section)
    }
    const address = textAt(tableAt(table, "grpc"), "address")
    if (address !== undefined) config.address = address
    const off = textsAt(table, "disabled_plugins")?.find((name) => SECTIONS.some((section) => section === name))
    if (off !== undefined) config.off = `${file}, disabled_plugins has ${off}`
    pending.push(...imports(files, file, textsAt(table, "imports") ?? [], version))
  }
  config.key ||= keyOf(sectionOf(rootVersion ?? (isVersion2 ? 3 : 2)))
  return config
}

function sectionOf(version: number): string {
  return SECTIONS[version - 1] ?? SECTIONS[2]
}

function keyOf(section: string): string {
  return `plugins.${section.includes(".") ? JSON.stringify(section) : section}.cni`
}

/**
 * A relative import is resolved against its importer; containerd 1 resolves a pattern against its working directory,
 * `/`.
 */
function imports(
  files: NodeFiles,
  importer: string,
  patterns: readonly string[],
  version: string | undefined,
): string[] {
  const isBeside = version === undefined || isVersionAtLeast(version, "2.0")
  return patterns.flatMap((pattern) => {
    const isPattern = pattern.includes("*")
    const path = pattern.startsWith("/")
      ? normalize(pattern)
      : join(isPattern && !isBeside ? "/" : dirname(importer), pattern)
    return isPattern ? glob(files, path) : [path]
  })
}

/** The part of Go's filepath.Glob that imports need: `*` and `?` in any component of the path. */
function glob(files: NodeFiles, pattern: string): string[] {
  if (!/[*?]/.test(pattern)) return files.exists(pattern) ? [pattern] : []
  const name = new RegExp(
    `^${basename(pattern)
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", "[^/]*")
      .replaceAll("?", "[^/]")}$`,
  )
  const parent = dirname(pattern)
  return (/[*?]/.test(parent) ? glob(files, parent) : [parent]).flatMap((directory) =>
    files
      .list(directory)
      .filter((entry) => name.test(entry))
      .map((entry) => join(directory, entry)),
  )
}
