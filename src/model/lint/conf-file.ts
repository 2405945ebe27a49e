import { isObject } from "../../cni/json.ts"
import type { JsonObject } from "./call-facts.ts"
import type { Rule } from "./finding.ts"

export type JsonPath = (string | number)[]

/** A part of the file and where it lies. */
export type Place = { config: JsonObject; at: JsonPath }

/** `at`: JSON path of what is wrong, or a position in the text. */
export type FileHit = { said: string; at: JsonPath | number }
export type FileRule = Rule & { check(file: ConfFile): FileHit[] }

export type ConfFile = {
  name: string
  text: string
  config: JsonObject
  version: string
  /** false for the single plugin form */
  isList: boolean
  /** with where each lies in the document */
  plugins: Place[]
}

/** The `ipam` sections of the plugins. */
export function ipams(plugins: Place[]): Place[] {
  return plugins.flatMap(({ config, at }) =>
    isObject(config.ipam) ? [{ config: config.ipam, at: [...at, "ipam"] }] : [],
  )
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
