import { parse } from "smol-toml"
import { isObject } from "../../../cni/json.ts"
import type { NodeFiles } from "../node-files.ts"

export type TomlTable = Record<string, unknown>

/**
 * Reads a TOML file; undefined if it does not exist. A syntax error is returned as `broken`, because the runtime does
 * not start with such a file.
 */
export function readToml(files: NodeFiles, path: string): { table: TomlTable; broken?: string } | undefined {
  files.assertReadable(path)
  const text = files.text(path)
  if (text === undefined) return undefined
  try {
    return { table: parse(text) }
  } catch (error) {
    const [line = ""] = error instanceof Error ? error.message.split("\n") : []
    return { table: {}, broken: `${path}: ${line}` }
  }
}

/** The table at this path of keys, or an empty one. */
export function tableAt(table: TomlTable, ...keys: string[]): TomlTable {
  let here: unknown = table
  for (const key of keys) here = isTable(here) ? here[key] : undefined
  return isTable(here) ? here : {}
}

/** Merges tables key by key; any other value is replaced by the later one. */
export function merged(to: TomlTable, from: TomlTable): TomlTable {
  const result: TomlTable = { ...to }
  for (const [key, value] of Object.entries(from)) {
    const before = result[key]
    result[key] = isTable(before) && isTable(value) ? merged(before, value) : value
  }
  return result
}

export function textAt(table: TomlTable, key: string): string | undefined {
  const value = table[key]
  return typeof value === "string" && value !== "" ? value : undefined
}

export function textsAt(table: TomlTable, key: string): string[] | undefined {
  const value = table[key]
  if (!Array.isArray(value) || value.length === 0) return undefined
  return value.every((item) => typeof item === "string") ? value : undefined
}

export function isTable(value: unknown): value is TomlTable {
  return isObject(value) && !(value instanceof Date)
}
