import { isObject, MAX_JSON_DEPTH, tooDeepAt } from "./json.ts"
import { LIBCNI, type LibcniBehaviour, type LibcniVersion, NEWEST_LIBCNI } from "./libcni.ts"

/** A plugin's configuration object. */
export type PluginConf = Readonly<Record<string, unknown>> & { readonly type: string }

/** A network configuration list as libcni reads it from one file (libcni/conf.go). */
export type NetworkList = {
  name: string
  /** the version libcni uses: the highest entry of `cniVersions` that it supports, or `cniVersion` without that key */
  cniVersion?: string
  cniVersions?: string[]
  disableCheck: boolean
  disableGC: boolean
  /** false: plugins of `<configuration directory>/<name>/*.conf` follow those of the list (libcni 1.3) */
  loadOnlyInlinedPlugins: boolean
  plugins: PluginConf[]
}

/** A configuration that libcni does not load, and why. */
export type InvalidList = { error: string }

/** Extensions that runtimes read in a configuration directory; the last two hold a single plugin. */
export const CONF_EXTENSIONS = [".conflist", ".conf", ".json"] as const

/** The file extension as Go's filepath.Ext defines it, which also holds for a name that begins with a dot. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".")
  return dot < 0 ? "" : name.slice(dot)
}

/** Parses a `.conflist`; returns an error wherever this release of libcni does. */
export function parseNetworkList(text: string, version: LibcniVersion = NEWEST_LIBCNI): NetworkList | InvalidList {
  const raw = parseObject(text)
  if ("error" in raw) return raw
  const libcni: LibcniBehaviour = LIBCNI[version]
  const { name, cniVersion, plugins } = raw.value
  const cniVersions = libcni.readsCniVersions ? raw.value.cniVersions : undefined
  if (name === undefined) return { error: "no name" }
  if (typeof name !== "string") return { error: "its name is not a string" }
  if (cniVersion !== undefined && typeof cniVersion !== "string") return { error: "its cniVersion is not a string" }
  const versions = cniVersions === undefined ? [] : stringsOf(cniVersions)
  if (!versions) return { error: "its cniVersions is not a list of strings" }
  const unreadable = versions.find((version) => !VERSION.test(version))
  if (unreadable !== undefined)
    return { error: `cniVersions has ${JSON.stringify(unreadable)}, which is not a version` }
  const flags = { disableCheck: false, disableGC: false, loadOnlyInlinedPlugins: false }
  for (const key of libcni.flags) {
    const given = raw.value[key]
    const flag = typeof given === "string" && !libcni.acceptsTextFlags ? undefined : readFlag(given)
    if (flag === undefined) return { error: `its ${key} is neither true nor false` }
    flags[key] = flag
  }
  if (plugins === undefined && (flags.loadOnlyInlinedPlugins || libcni.requiresPlugins)) return { error: "no plugins" }
  if (plugins !== undefined && !Array.isArray(plugins)) return { error: "its plugins is not a list" }
  if (plugins?.length === 0) return { error: "no plugins in the list" }
  const read: PluginConf[] = []
  for (const [at, plugin] of (plugins ?? []).entries()) {
    const conf = readPlugin(plugin)
    if ("error" in conf) return { error: `plugin ${at + 1} of the list: ${conf.error}` }
    read.push(conf.plugin)
  }
  const chosen = negotiate(cniVersion, versions, libcni.newestSpecVersion)
  return {
    name,
    ...(chosen === undefined ? {} : { cniVersion: chosen }),
    ...(cniVersions === undefined ? {} : { cniVersions: versions }),
    ...flags,
    plugins: read,
  }
}

/** Parses a `.conf` or `.json`, which libcni turns into a list with this single plugin. */
export function parseSinglePlugin(text: string): NetworkList | InvalidList {
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
    // libcni builds the list from the object, not from the file, so it does not read a side directory.
    loadOnlyInlinedPlugins: true,
    plugins: [conf.plugin],
  }
}

const VERSION = /^\d+(?:\.\d+){0,2}$/

function parseObject(text: string): { value: Record<string, unknown> } | InvalidList {
  if (tooDeepAt(text) !== undefined) return { error: `it is nested deeper than ${MAX_JSON_DEPTH} levels` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return {
      error:
        text.trim() === "" ? "it is empty" : `it is not valid JSON: ${error instanceof Error ? error.message : ""}`,
    }
  }
  return isObject(value) ? { value } : { error: "it is not a JSON object" }
}

/** If Go cannot decode a plugin object into types.PluginConf, libcni rejects the whole file. */
function readPlugin(value: unknown): { plugin: PluginConf } | InvalidList {
  if (!isObject(value)) return { error: "it is not an object" }
  const [type, capabilities, ipam] = ["type", "capabilities", "ipam"].map((key) => decoded(value, key))
  for (const key of ["cniVersion", "name", "type"]) {
    const given = decoded(value, key) ?? undefined
    if (given !== undefined && typeof given !== "string") return { error: `its ${key} is not a string` }
  }
  if (typeof type !== "string" || type === "") return { error: "no type" }
  if (isGiven(capabilities) && !(isObject(capabilities) && Object.values(capabilities).every(isFlag))) {
    return { error: "its capabilities are not all booleans" }
  }
  if (isGiven(ipam) && !isObject(ipam)) return { error: "its ipam is not an object" }
  const ipamType = isObject(ipam) ? decoded(ipam, "type") : undefined
  if (isGiven(ipamType) && typeof ipamType !== "string") return { error: "its ipam.type is not a string" }
  return { plugin: { ...value, type } }
}

/** Go matches JSON keys to struct fields case-insensitively; the last matching key wins. */
function decoded(value: Record<string, unknown>, field: string): unknown {
  const key = Object.keys(value).findLast((name) => name.toLowerCase() === field.toLowerCase())
  return key === undefined ? undefined : value[key]
}

/** libcni 1.2 and later ignores versions newer than its own and uses the highest one that is left. */
function negotiate(cniVersion: string | undefined, cniVersions: string[], newest: string): string | undefined {
  if (cniVersions.length === 0) return cniVersion
  const supported = [...cniVersions, ...(cniVersion ? [cniVersion] : [])].filter(
    (it) => compareVersions(it, newest) <= 0,
  )
  return supported.sort(compareVersions).at(-1) ?? cniVersion
}

/** Negative if `a` is older than `b`. Missing components count as 0. */
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

function stringsOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean" || value === null
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}
