import { isObject } from "./json.ts"
import { SPEC_VERSIONS } from "./version.ts"

/** A plugin's configuration, as far as it was JSON. */
export type PluginConf = Readonly<Record<string, unknown>> & { readonly type: string }

/** A network configuration list as libcni reads it from one file (libcni/conf.go). */
export type NetworkList = {
  name: string
  /** the one libcni works with: the highest of `cniVersions` that it knows, where that key is there */
  cniVersion?: string
  cniVersions?: string[]
  disableCheck: boolean
  disableGC: boolean
  /** false: plugins of `<configuration directory>/<name>/*.conf` follow those of the list (libcni 1.3) */
  loadOnlyInlinedPlugins: boolean
  plugins: PluginConf[]
}

export type Refused = { error: string }

/** Extensions that runtimes read in a configuration directory; the last two hold a single plugin. */
export const CONF_EXTENSIONS = [".conflist", ".conf", ".json"] as const

/** The file extension as Go's filepath.Ext takes it: of a name that begins with a dot too. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".")
  return dot < 0 ? "" : name.slice(dot)
}

/** libcni 1.1 is containerd 1's; 1.3 knows what came into the specification later. */
export type LibcniVersion = "1.1" | "1.3"

/** Reads a `.conflist`, and refuses what libcni refuses. */
export function parseNetworkList(text: string, libcni: LibcniVersion = "1.3"): NetworkList | Refused {
  const raw = parseObject(text)
  if ("error" in raw) return raw
  const { name, cniVersion, plugins } = raw.value
  const cniVersions = libcni === "1.1" ? undefined : raw.value.cniVersions
  if (name === undefined) return { error: "no name" }
  if (typeof name !== "string") return { error: "its name is no text" }
  if (cniVersion !== undefined && typeof cniVersion !== "string") return { error: "its cniVersion is no text" }
  const versions = cniVersions === undefined ? [] : texts(cniVersions)
  if (!versions) return { error: "its cniVersions is no list of texts" }
  const unreadable = versions.find((version) => !VERSION.test(version))
  if (unreadable !== undefined) return { error: `cniVersions has ${JSON.stringify(unreadable)}, which is no version` }
  const flags = { disableCheck: false, disableGC: false, loadOnlyInlinedPlugins: false }
  for (const key of libcni === "1.1" ? ([FLAGS[0]] as const) : FLAGS) {
    const given = raw.value[key]
    // The specification of 0.4.0 has this key as text, which libcni reads since 1.2.
    const flag = libcni === "1.1" && typeof given === "string" ? undefined : readFlag(given)
    if (flag === undefined) return { error: `its ${key} is neither true nor false` }
    flags[key] = flag
  }
  if (plugins === undefined && (flags.loadOnlyInlinedPlugins || libcni === "1.1")) return { error: "no plugins" }
  if (plugins !== undefined && !Array.isArray(plugins)) return { error: "its plugins are no list" }
  if (plugins?.length === 0) return { error: "no plugins in the list" }
  const read: PluginConf[] = []
  for (const [at, plugin] of (plugins ?? []).entries()) {
    const conf = readPlugin(plugin)
    if ("error" in conf) return { error: `plugin ${at + 1} of the list: ${conf.error}` }
    read.push(conf.plugin)
  }
  const chosen = negotiated(cniVersion, versions)
  return {
    name,
    ...(chosen === undefined ? {} : { cniVersion: chosen }),
    ...(cniVersions === undefined ? {} : { cniVersions: versions }),
    ...flags,
    plugins: read,
  }
}

/** Reads a `.conf` or `.json`, which libcni takes for a list of this one plugin. */
export function parseSinglePlugin(text: string): NetworkList | Refused {
  const raw = parseObject(text)
  if ("error" in raw) return raw
  const conf = readPlugin(raw.value)
  if ("error" in conf) return "plugins" in raw.value ? { error: `${conf.error}; it looks like a .conflist` } : conf
  const { name, cniVersion } = raw.value
  return {
    name: typeof name === "string" ? name : "",
    ...(typeof cniVersion === "string" ? { cniVersion } : {}),
    disableCheck: false,
    disableGC: false,
    // libcni makes the list from the object, not from the file: no side directory is looked for.
    loadOnlyInlinedPlugins: true,
    plugins: [conf.plugin],
  }
}

const FLAGS = ["disableCheck", "disableGC", "loadOnlyInlinedPlugins"] as const
const VERSION = /^\d+(?:\.\d+){0,2}$/

function parseObject(text: string): { value: Record<string, unknown> } | Refused {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return {
      error: text.trim() === "" ? "it is empty" : `it is no JSON: ${error instanceof Error ? error.message : ""}`,
    }
  }
  return isObject(value) ? { value } : { error: "it is no JSON object" }
}

/** What Go's typed decoding of a plugin object (types.PluginConf) does not accept fails the whole file. */
function readPlugin(value: unknown): { plugin: PluginConf } | Refused {
  if (!isObject(value)) return { error: "it is no object" }
  const [type, capabilities, ipam] = ["type", "capabilities", "ipam"].map((key) => decoded(value, key))
  for (const key of ["cniVersion", "name", "type"]) {
    const given = decoded(value, key) ?? undefined
    if (given !== undefined && typeof given !== "string") return { error: `its ${key} is no text` }
  }
  if (typeof type !== "string" || type === "") return { error: "no type" }
  if (isGiven(capabilities) && !(isObject(capabilities) && Object.values(capabilities).every(isFlag))) {
    return { error: "its capabilities are not all true or false" }
  }
  if (isGiven(ipam) && !isObject(ipam)) return { error: "its ipam is no object" }
  const ipamType = isObject(ipam) ? decoded(ipam, "type") : undefined
  if (isGiven(ipamType) && typeof ipamType !== "string") return { error: "its ipam.type is no text" }
  return { plugin: { ...value, type } }
}

/** Go decodes into the fields of a type without looking at capitals; the last key that fits counts. */
function decoded(value: Record<string, unknown>, field: string): unknown {
  const key = Object.keys(value).findLast((name) => name.toLowerCase() === field.toLowerCase())
  return key === undefined ? undefined : value[key]
}

/** libcni 1.2 and later: versions newer than its own are dropped, the highest that is left counts. */
function negotiated(cniVersion: string | undefined, cniVersions: string[]): string | undefined {
  if (cniVersions.length === 0) return cniVersion
  const newest = SPEC_VERSIONS.at(-1) ?? ""
  const known = [...cniVersions, ...(cniVersion ? [cniVersion] : [])].filter((it) => compareVersions(it, newest) <= 0)
  return known.sort(compareVersions).at(-1) ?? cniVersion
}

/** Negative where `a` is the older one. Missing parts count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number))
  for (let at = 0; at < 3; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function readFlag(value: unknown): boolean | undefined {
  if (value === undefined || value === false) return false
  if (value === true) return true
  const text = typeof value === "string" ? value.toLowerCase() : ""
  return text === "true" ? true : text === "false" ? false : undefined
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean" || value === null
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
