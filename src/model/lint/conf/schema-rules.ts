import { isSecretName } from "../../../capture/redact/secret-name.ts"
import { ipamSchema, LIST_SCHEMA, pluginSchema } from "../../../cni/configuration/find-schema.ts"
import type { ConfigurationSchema, SchemaType } from "../../../cni/configuration/schema.ts"
import { isObject } from "../../../cni/json.ts"
import { nearest } from "../../filter/nearest.ts"
import { text } from "../call-facts.ts"
import type { RuleSource } from "../finding.ts"
import { type ConfFile, type ConfPath, type FileHit, type FileRule, isFilled } from "./conf-file.ts"
import { type Violation, validateConfiguration } from "./validate-configuration.ts"

const PLUGIN_CODE: RuleSource = {
  text: "the plugin's configuration type",
  link: "https://www.cni.dev/plugins/current/",
}

/** What the schemas of well-known plugins (src/cni/configuration) say about their objects in a file. */
export const SCHEMA_RULES: FileRule[] = [
  {
    id: "conf-key-unknown",
    severity: "warning",
    title: "unknown key that resembles a known one",
    source: PLUGIN_CODE,
    remedy: "Correct its spelling: plugins ignore keys that they do not know.",
    check: (file) => misspelled(file),
  },
  {
    id: "conf-key-misplaced",
    severity: "warning",
    title: "key in the wrong object",
    source: PLUGIN_CODE,
    remedy: "Move it: plugins ignore keys that they do not know.",
    check: (file) => misplaced(file),
  },
  {
    id: "conf-key-missing",
    isDisprovedBySuccess: true,
    severity: "error",
    title: "required key is missing",
    source: PLUGIN_CODE,
    remedy: "Add it: the plugin fails without.",
    check: (file) =>
      hits(file, ["required"], ({ key, owner, path, at }) => ({
        detail: `${owner} needs ${dotted([...path, key])}`,
        at,
      })),
  },
  {
    id: "conf-value-type",
    isDisprovedBySuccess: true,
    severity: "error",
    title: "value of the wrong type",
    source: PLUGIN_CODE,
    remedy: "Write a value of that type: the plugin cannot decode its configuration otherwise.",
    check: (file) =>
      hits(file, ["type"], ({ path, value, schema, owner, at }) => ({
        detail: `${dotted(path)} is ${shown(path, value)}, ${KIND_NAMES[kindOf(value)]}; ${owner} takes ${wanted(schema)}`,
        at,
        ...rewritten(value, schema),
      })),
  },
  {
    id: "conf-value-invalid",
    isDisprovedBySuccess: true,
    severity: "error",
    title: "value that the plugin does not accept",
    source: PLUGIN_CODE,
    remedy: "Write one that it accepts.",
    check: (file) =>
      hits(file, VALUE_KEYWORDS, ({ path, value, schema, owner, at }) => ({
        detail: `${dotted(path)} is ${shown(path, value)}; ${owner} takes ${accepted(schema)}${meant(value, schema)}`,
        at,
      })),
  },
  {
    id: "conf-keys-conflict",
    isDisprovedBySuccess: true,
    severity: "error",
    title: "keys that do not fit together",
    source: PLUGIN_CODE,
    remedy: "Correct them: the plugin fails otherwise.",
    check: (file) =>
      hits(file, ["not", "anyOf"], ({ schema, owner, at }) => ({
        detail: `${owner}: ${schema.description ?? "keys conflict"}`,
        at,
      })),
  },
]

const VALUE_KEYWORDS = ["minimum", "maximum", "enum", "format", "maxLength", "pattern"]

/** `owner`: the plugin whose schema it is. `at`: path from the root of the document; `path` is that from the plugin. */
type FileViolation = Violation & { owner: string; at: ConfPath; section: ConfigSection }

/** An object of the file with its schema. `inner`: the plugin's `ipam` section; `outer`: the plugin of such a section. */
type ConfigSection = {
  owner: string
  config: Record<string, unknown>
  path: ConfPath
  schema: ConfigurationSchema
  /** the other object of the same plugin in which a key may belong, and what it is called */
  other?: { schema: ConfigurationSchema; name: string }
}

function hits(file: ConfFile, keywords: readonly string[], toHit: (violation: FileViolation) => FileHit): FileHit[] {
  return violationsOf(file)
    .filter(({ keyword }) => keywords.includes(keyword))
    .map(toHit)
}

/** Several rules read the violations of a file. */
const known = new WeakMap<ConfFile, FileViolation[]>()

function violationsOf(file: ConfFile): FileViolation[] {
  const found = known.get(file) ?? sectionsOf(file).flatMap(sectionViolations)
  known.set(file, found)
  return found
}

function sectionViolations(section: ConfigSection): FileViolation[] {
  const exactKeys = section.schema === LIST_SCHEMA
  return validateConfiguration(section.config, section.schema, { exactKeys }).map((violation) => ({
    ...violation,
    owner: section.owner,
    at: [...section.path, ...violation.path, ...(violation.keyword === "additionalProperties" ? [violation.key] : [])],
    section,
  }))
}

function sectionsOf({ config, isList, plugins, delegates }: ConfFile): ConfigSection[] {
  const list: ConfigSection[] = isList ? [{ owner: "a list", config, path: [], schema: LIST_SCHEMA }] : []
  return [
    ...list,
    ...[...plugins, ...delegates].flatMap(({ config, path, type, isPartial }): ConfigSection[] => {
      const schema = pluginSchema(type)
      const { ipam } = config
      const ipamType = isObject(ipam) ? text(ipam.type) : ""
      const ipamSectionSchema = ipamSchema(ipamType)
      return [
        ...(schema
          ? [
              {
                owner: type,
                config,
                path,
                schema: isPartial ? withoutRequired(schema) : schema,
                ...(ipamSectionSchema ? { other: { schema: ipamSectionSchema, name: "ipam" } } : {}),
              },
            ]
          : []),
        ...(isObject(ipam) && ipamSectionSchema
          ? [
              {
                owner: ipamType,
                config: ipam,
                path: [...path, "ipam"],
                schema: ipamSectionSchema,
                ...(schema ? { other: { schema, name: `the object of ${type}` } } : {}),
              },
            ]
          : []),
      ]
    }),
  ]
}

function withoutRequired({ required: _required, ...schema }: ConfigurationSchema): ConfigurationSchema {
  return schema
}

function misspelled(file: ConfFile): FileHit[] {
  return unknownKeys(file).flatMap(({ key, path, schema, owner, at, section }) => {
    if (belongsElsewhere(key, path, section)) return []
    const meant = nearest(key, Object.keys(schema.properties ?? {}))
    if (meant === undefined) return []
    const isSpelledAlike = meant.toLowerCase() === key.toLowerCase()
    return [
      {
        detail: isSpelledAlike
          ? `${dotted([...path, key])}: libcni reads ${meant}, in exactly these letters`
          : `${owner} does not know ${dotted([...path, key])}; did you mean ${meant}?`,
        at,
        isKey: true,
      },
    ]
  })
}

function misplaced(file: ConfFile): FileHit[] {
  return unknownKeys(file).flatMap(({ key, path, section, at }) => {
    const home = belongsElsewhere(key, path, section)
    return home === undefined ? [] : [{ detail: `${dotted([...path, key])} belongs in ${home}`, at, isKey: true }]
  })
}

/** Keys that begin like a comment are meant to be ignored. */
function unknownKeys(file: ConfFile): FileViolation[] {
  return violationsOf(file).filter(
    ({ keyword, key }) => keyword === "additionalProperties" && !/^(?:[_/#$-]|comment)/i.test(key),
  )
}

/** The object that a key belongs in: the other one of the plugin, or the outer one of a nested object. */
function belongsElsewhere(key: string, path: ConfPath, { schema, owner, other }: ConfigSection): string | undefined {
  const isKeyOf = ({ properties }: ConfigurationSchema) =>
    Object.keys(properties ?? {}).some((name) => name.toLowerCase() === key.toLowerCase())
  if (other && isKeyOf(other.schema)) return other.name
  return path.length > 0 && isKeyOf(schema)
    ? ipamSchema(owner) === schema
      ? "ipam"
      : `the object of ${owner}`
    : undefined
}

/** `ranges[0][1].subnet` */
function dotted(path: ConfPath): string {
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

function kindOf(value: unknown): SchemaType {
  if (Array.isArray(value)) return "array"
  const kind = typeof value
  return kind === "string" || kind === "number" || kind === "boolean" ? kind : "object"
}

function typesOf({ type }: ConfigurationSchema): SchemaType[] {
  return type === undefined ? [] : typeof type === "string" ? [type] : [...type]
}

function wanted(schema: ConfigurationSchema): string {
  return joined(typesOf(schema).map((type) => WANTED_NAMES[type]))
}

/** What to write instead, if only quotes are missing or superfluous. */
function rewritten(value: unknown, schema: ConfigurationSchema): { remedy?: string } {
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

function accepted({ enum: values, minimum, maximum, maxLength, format, description }: ConfigurationSchema): string {
  if (values) return joined(values.filter((value) => value !== "").map(String))
  if (format) return FORMAT_NAMES[format]
  if (maxLength !== undefined) return `at most ${maxLength} characters`
  if (minimum !== undefined) return maximum === undefined ? `${minimum} or more` : `${minimum} to ${maximum}`
  return description ?? "another value"
}

function meant(value: unknown, { enum: values = [] }: ConfigurationSchema): string {
  const best = isFilled(value) ? nearest(value, values.filter(isFilled)) : undefined
  return best === undefined ? "" : `; did you mean ${best}?`
}

const MAX_SHOWN_CHARACTERS = 60

/** The value as JSON; not that of a secret. */
function shown(path: ConfPath, value: unknown): string {
  if (path.some((step) => typeof step === "string" && isSecretName(step))) return "not shown here"
  const json = JSON.stringify(value) ?? ""
  return json.length > MAX_SHOWN_CHARACTERS ? `${json.slice(0, MAX_SHOWN_CHARACTERS)}…` : json
}

/** `a`, `a or b`, `a, b or c` */
function joined(words: readonly string[]): string {
  return [words.slice(0, -1).join(", "), ...words.slice(-1)].filter((part) => part !== "").join(" or ")
}
