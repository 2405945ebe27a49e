import { isObject } from "../../../cni/json.ts"
import { type JsonObject, text as textOf } from "../call-facts.ts"
import type { Rule } from "../finding.ts"

/** Keys and indexes from the root of the document. */
export type ConfPath = (string | number)[]

/** An object of the file, and its path in the document. */
export type ConfSection = { config: JsonObject; path: ConfPath }

/**
 * A plugin's object. `type`: as it is written, or the default of the plugin that calls this one; may be empty.
 * `isPartial`: the plugin that calls this one adds keys.
 */
export type PluginSection = ConfSection & { type: string; isPartial?: true }

/**
 * `at`: path of what is wrong, or a character offset in the text. `isKey`: the key at that path is wrong, not its value.
 * `remedy` replaces that of the rule, if more can be said about this case.
 */
export type FileHit = { detail: string; at: ConfPath | number; isKey?: true; remedy?: string }
export type FileRule = Rule & {
  check(file: ConfFile): FileHit[]
  /** the plugin fails because of it: a call that succeeded disproves the finding */
  isDisprovedBySuccess?: true
}

export type ConfFile = {
  path: string
  /** the path without its directory */
  name: string
  text: string
  config: JsonObject
  /** `cniVersion`; empty if it is missing */
  version: string
  /** false for a single plugin */
  isList: boolean
  /** the plugins that the runtime calls, in their order */
  plugins: PluginSection[]
  /** the plugins that those call: the delegates of flannel and Multus */
  delegates: PluginSection[]
}

export function toConfFile(path: string, text: string, config: JsonObject): ConfFile {
  const isList = "plugins" in config
  const plugins = isList ? pluginsOf(config, []) : [{ config, path: [], type: typeOf(config) }]
  const version = typeof config.cniVersion === "string" ? config.cniVersion : ""
  const name = path.slice(path.lastIndexOf("/") + 1)
  return { path, name, text, config, version, isList, plugins, delegates: plugins.flatMap(delegatesOf) }
}

/** The `ipam` sections of the plugins. */
export function ipamSections(plugins: readonly ConfSection[]): ConfSection[] {
  return plugins.flatMap(({ config, path }) =>
    isObject(config.ipam) ? [{ config: config.ipam, path: [...path, "ipam"] }] : [],
  )
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== ""
}

function pluginsOf(config: JsonObject, path: ConfPath): PluginSection[] {
  return list(config.plugins).flatMap((plugin, index) =>
    isObject(plugin) ? [{ config: plugin, path: [...path, "plugins", index], type: typeOf(plugin) }] : [],
  )
}

function delegatesOf({ config, path, type }: PluginSection): PluginSection[] {
  const { delegate, delegates } = config
  if (type === "flannel" && isObject(delegate))
    return [{ config: delegate, path: [...path, "delegate"], type: typeOf(delegate) || "bridge", isPartial: true }]
  if (type !== "multus") return []
  return list(delegates).flatMap((delegate, index) => {
    if (!isObject(delegate)) return []
    const at = [...path, "delegates", index]
    return "plugins" in delegate ? pluginsOf(delegate, at) : [{ config: delegate, path: at, type: typeOf(delegate) }]
  })
}

function typeOf({ type }: JsonObject): string {
  return type === undefined ? "" : textOf(type)
}
