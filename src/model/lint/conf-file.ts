import { isObject } from "../../cni/json.ts"
import type { JsonObject } from "./call-facts.ts"
import type { Rule } from "./finding.ts"

export type ConfPath = (string | number)[]

/** A part of the file and where it lies. */
export type ConfSection = { config: JsonObject; path: ConfPath }

/** `at`: JSON path of what is wrong, or a position in the text. */
export type FileHit = { detail: string; at: ConfPath | number }
export type FileRule = Rule & { check(file: ConfFile): FileHit[] }

export type ConfFile = {
  name: string
  text: string
  config: JsonObject
  version: string
  /** false for the single plugin form */
  isList: boolean
  /** with where each lies in the document */
  plugins: ConfSection[]
}

/** The `ipam` sections of the plugins. */
export function ipams(plugins: ConfSection[]): ConfSection[] {
  return plugins.flatMap(({ config, path }) =>
    isObject(config.ipam) ? [{ config: config.ipam, path: [...path, "ipam"] }] : [],
  )
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
