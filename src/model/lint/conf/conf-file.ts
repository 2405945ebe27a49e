import { isObject } from "../../../cni/json.ts"
import type { JsonObject } from "../call-facts.ts"
import type { Rule } from "../finding.ts"

/** Keys and indexes from the root of the document. */
export type ConfPath = (string | number)[]

/** An object of the file, and its path in the document. */
export type ConfSection = { config: JsonObject; path: ConfPath }

/** `at`: path of what is wrong, or a character offset in the text. */
export type FileHit = { detail: string; at: ConfPath | number }
export type FileRule = Rule & { check(file: ConfFile): FileHit[] }

export type ConfFile = {
  name: string
  text: string
  config: JsonObject
  /** `cniVersion`; empty if it is missing */
  version: string
  /** false for a single plugin */
  isList: boolean
  plugins: ConfSection[]
}

/** The `ipam` sections of the plugins. */
export function ipamSections(plugins: ConfSection[]): ConfSection[] {
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
