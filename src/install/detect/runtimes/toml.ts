import { parse } from "smol-toml"
import { isObject } from "../../../cni/json.ts"
import type { NodeFiles } from "../node-files.ts"

export type Table = Record<string, unknown>

/**
 * A TOML file as a table; undefined: there is none. What cannot be parsed is told, because the runtime does not start
 * over it either.
 */
export function readToml(files: NodeFiles, path: string): { table: Table; broken?: string } | undefined {
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

/** The table below these keys; an empty one where there is none. */
export function tableAt(table: Table, ...keys: string[]): Table {
  let here: unknown = table
  for (const key of keys) here = isTable(here) ? here[key] : undefined
  return isTable(here) ? here : {}
}

/** Tables merged key by key, everything else replaced by the later one. */
export function merged(to: Table, from: Table): Table {
  const result: Table = { ...to }
  for (const [key, value] of Object.entries(from)) {
    const before = result[key]
    result[key] = isTable(before) && isTable(value) ? merged(before, value) : value
  }
  return result
}

export function textAt(table: Table, key: string): string | undefined {
  const value = table[key]
  return typeof value === "string" && value !== "" ? value : undefined
}

export function textsAt(table: Table, key: string): string[] | undefined {
  const value = table[key]
  if (!Array.isArray(value) || value.length === 0) return undefined
  return value.every((item) => typeof item === "string") ? value : undefined
}

export function isTable(value: unknown): value is Table {
  return isObject(value) && !(value instanceof Date)
}
