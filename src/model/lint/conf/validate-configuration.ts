import { type ValidationError, Validator } from "jsonschema"
import { parseAddress, parsePrefix } from "../../../cni/address.ts"
import type { ConfigurationSchema } from "../../../cni/configuration/schema.ts"
import { isObject } from "../../../cni/json.ts"
import type { JsonObject } from "../call-facts.ts"
import type { ConfPath } from "./conf-file.ts"

/**
 * Where an object differs from its schema. `keyword` is that of JSON Schema. `path` leads to the value in the object; for
 * `required` and `additionalProperties` to the object whose key `key` is missing or unknown.
 */
export type Violation = {
  keyword: string
  path: ConfPath
  key: string
  value: unknown
  /** the schema that the value, or the object, does not match */
  schema: ConfigurationSchema
}

/**
 * Compares an object with a schema as Go's encoding/json reads it: null is the same as a missing key, and keys are matched
 * without case unless `exactKeys` says otherwise.
 */
export function validateConfiguration(
  config: JsonObject,
  schema: ConfigurationSchema,
  { exactKeys = false }: { exactKeys?: boolean } = {},
): Violation[] {
  const decoded = asDecoded(config, schema, exactKeys)
  // The library's type is not read-only, but it does not change a schema.
  const { errors } = VALIDATOR.validate(decoded.value, decoded.schema as object)
  const hasWrongType = new Set(errors.filter(({ name }) => name === "type").map(({ path }) => path.join("\n")))
  return errors
    .filter(({ name, path }) => name === "type" || !hasWrongType.has(path.join("\n")))
    .map((error) => toViolation(error, config, schema))
}

/** An empty text means a missing value, because Go cannot distinguish the two. */
const FORMATS: Record<NonNullable<ConfigurationSchema["format"]>, (text: string) => boolean> = {
  ip: (text) => parseAddress(text) !== undefined,
  cidr: (text) => parsePrefix(text) !== undefined,
  // As Go's net.ParseMAC: 6, 8 or 20 octets.
  mac: (text) =>
    /^(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}(?:(?:[0-9a-f]{2}\1){2}|(?:[0-9a-f]{2}\1){14})?[0-9a-f]{2}$/i.test(text),
  "pci-address": (text) => /^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/i.test(text),
}

const VALIDATOR = new Validator()
for (const [format, isValid] of Object.entries(FORMATS))
  VALIDATOR.customFormats[format] = (value: unknown) => typeof value !== "string" || value === "" || isValid(value)

/**
 * A value with keys spelled as in the schema and without null, and the schema without the keys that the value does not
 * have: the library takes as long for these as for the others, which is most of the time.
 */
function asDecoded(value: unknown, schema: ConfigurationSchema, exactKeys: boolean): DecodedValue {
  if (Array.isArray(value)) {
    const items = value.map((item) => asDecoded(item, schema.items ?? {}, exactKeys))
    return { value: items.map((item) => item.value), schema }
  }
  const { properties } = schema
  if (!isObject(value) || !properties) return { value, schema }
  const names = new Map(exactKeys ? [] : Object.keys(properties).map((name) => [name.toLowerCase(), name]))
  const keys: [string, DecodedValue][] = []
  for (const [key, content] of Object.entries(value)) {
    if (content === null) continue
    const name = names.get(key.toLowerCase()) ?? key
    const inner = Object.hasOwn(properties, name) ? properties[name] : undefined
    keys.push([name, asDecoded(content, inner ?? {}, exactKeys)])
  }
  const known = keys.filter(([name]) => Object.hasOwn(properties, name))
  return {
    value: Object.fromEntries(keys.map(([name, decoded]) => [name, decoded.value])),
    schema: { ...schema, properties: Object.fromEntries(known.map(([name, decoded]) => [name, decoded.schema])) },
  }
}

type DecodedValue = { value: unknown; schema: ConfigurationSchema }

function toViolation(
  { name, path, argument, schema, instance }: ValidationError,
  config: JsonObject,
  root: ConfigurationSchema,
): Violation {
  const isAboutKey = name === "required" || name === "additionalProperties"
  return {
    keyword: name,
    path: asWritten(path, config),
    key: isAboutKey ? String(argument) : String(path.findLast((step) => typeof step === "string") ?? ""),
    value: instance,
    schema: name === "additionalProperties" ? schemaAt(root, path) : (schema as ConfigurationSchema),
  }
}

/** The whole schema of the value at that path, as spelled in the schema. */
function schemaAt(root: ConfigurationSchema, path: ConfPath): ConfigurationSchema {
  return path.reduce<ConfigurationSchema>(
    ({ properties, items }, step) => (typeof step === "number" ? items : properties?.[step]) ?? {},
    root,
  )
}

/** The path with keys as they are spelled in the object. */
function asWritten(path: ConfPath, config: JsonObject): ConfPath {
  let value: unknown = config
  return path.map((step) => {
    const key = isObject(value) && typeof step === "string" ? spelling(value, step) : step
    value = isObject(value) || Array.isArray(value) ? (value as Record<string | number, unknown>)[key] : undefined
    return key
  })
}

function spelling(object: JsonObject, name: string): string {
  if (Object.hasOwn(object, name)) return name
  return Object.keys(object).findLast((key) => key.toLowerCase() === name.toLowerCase()) ?? name
}
