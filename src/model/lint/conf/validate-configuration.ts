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
  // The library's type is not read-only, and it does not change a schema.
  const { errors } = VALIDATOR.validate(asDecoded(config, schema, exactKeys), schema as object)
  const hasWrongType = new Set(errors.filter(({ name }) => name === "type").map(({ path }) => path.join("\n")))
  return errors
    .filter(({ name, path }) => name === "type" || !hasWrongType.has(path.join("\n")))
    .map((error) => toViolation(error, config))
}

/** An empty text stands for a missing value, as Go cannot tell them apart. */
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

/** The part of a value that the schema describes: keys spelled as in the schema, without null. */
function asDecoded(value: unknown, schema: ConfigurationSchema, exactKeys: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => asDecoded(item, schema.items ?? {}, exactKeys))
  if (!isObject(value)) return value
  const names = new Map(exactKeys ? [] : Object.keys(schema.properties ?? {}).map((name) => [name.toLowerCase(), name]))
  const decoded: JsonObject = {}
  for (const [key, content] of Object.entries(value)) {
    if (content === null) continue
    const name = names.get(key.toLowerCase()) ?? key
    const { additionalProperties } = schema
    const inner = schema.properties?.[name] ?? (typeof additionalProperties === "object" ? additionalProperties : {})
    Object.defineProperty(decoded, name, {
      value: asDecoded(content, inner, exactKeys),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return decoded
}

function toViolation({ name, path, argument, schema, instance }: ValidationError, config: JsonObject): Violation {
  const isAboutKey = name === "required" || name === "additionalProperties"
  return {
    keyword: name,
    path: asWritten(path, config),
    key: isAboutKey ? String(argument) : String(path.findLast((step) => typeof step === "string") ?? ""),
    value: instance,
    schema: typeof schema === "string" ? {} : (schema as ConfigurationSchema),
  }
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
