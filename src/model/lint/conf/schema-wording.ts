import { isSecretName } from "../../../capture/redact/secret-name.ts"
import type { ConfigurationSchema, SchemaType } from "../../../cni/configuration/schema.ts"
import { nearest } from "../../filter/nearest.ts"
import { type ConfPath, isFilled } from "./conf-file.ts"

/** `ranges[0][1].subnet` */
export function pathText(path: ConfPath): string {
  return path.map((step, at) => (typeof step === "number" ? `[${step}]` : `${at === 0 ? "" : "."}${step}`)).join("")
}

const KIND_NAMES: Record<SchemaType, string> = {
  string: "a string",
  integer: "a number",
  number: "a number",
  boolean: "a boolean",
  object: "an object",
  array: "a list",
}

const WANTED_NAMES: Record<SchemaType, string> = { ...KIND_NAMES, integer: "an integer", boolean: "true or false" }

/** `a string`, `a list` */
export function kindText(value: unknown): string {
  return KIND_NAMES[kindOf(value)]
}

function kindOf(value: unknown): SchemaType {
  if (Array.isArray(value)) return "array"
  const kind = typeof value
  return kind === "string" || kind === "number" || kind === "boolean" ? kind : "object"
}

function typesOf({ type }: ConfigurationSchema): SchemaType[] {
  return type === undefined ? [] : typeof type === "string" ? [type] : [...type]
}

/** The types that a schema allows. */
export function typesText(schema: ConfigurationSchema): string {
  return joined(typesOf(schema).map((type) => WANTED_NAMES[type]))
}

/** What to write instead, if only quotes are missing or superfluous. */
export function quotesRemedy(value: unknown, schema: ConfigurationSchema): { remedy?: string } {
  const types = typesOf(schema)
  if ((typeof value === "number" || typeof value === "boolean") && types.includes("string"))
    return { remedy: `Write it in quotes: "${value}".` }
  if (typeof value !== "string") return {}
  const isNumber = types.includes("integer") && /^-?\d+$/.test(value)
  const isFlag = types.includes("boolean") && /^(?:true|false)$/i.test(value)
  return isNumber || isFlag ? { remedy: `Write it without quotes: ${value.toLowerCase()}.` } : {}
}

const FORMAT_NAMES: Record<NonNullable<ConfigurationSchema["format"]>, string> = {
  ip: "an IP address",
  cidr: "an address with a prefix length, such as 10.1.2.0/24",
  mac: "a MAC address, such as 0a:58:0a:01:02:03",
  "pci-address": "a PCI address, such as 0000:03:02.1",
}

/** What a schema accepts besides the type. */
export function acceptedText({
  enum: values,
  minimum,
  maximum,
  maxLength,
  format,
  description,
}: ConfigurationSchema): string {
  if (values) return joined(values.filter((value) => value !== "").map(String))
  if (format) return FORMAT_NAMES[format]
  if (maxLength !== undefined) return `at most ${maxLength} characters`
  if (minimum !== undefined) return maximum === undefined ? `${minimum} or more` : `${minimum} to ${maximum}`
  return description ?? "another value"
}

/** `; did you mean bridge?`, if one of the values resembles this one. */
export function suggestion(value: unknown, { enum: values = [] }: ConfigurationSchema): string {
  const best = isFilled(value) ? nearest(value, values.filter(isFilled)) : undefined
  return best === undefined ? "" : `; did you mean ${best}?`
}

const MAX_SHOWN_CHARACTERS = 60

/** The value as JSON; not that of a secret. */
export function valueText(path: ConfPath, value: unknown): string {
  if (path.some((step) => typeof step === "string" && isSecretName(step))) return "not shown here"
  const json = JSON.stringify(value) ?? ""
  return json.length > MAX_SHOWN_CHARACTERS ? `${json.slice(0, MAX_SHOWN_CHARACTERS)}…` : json
}

/** `a`, `a or b`, `a, b or c` */
function joined(words: readonly string[]): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((part) => part !== "").join(" or ")
}
