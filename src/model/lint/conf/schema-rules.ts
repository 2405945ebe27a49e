import { ipamSchema } from "../../../cni/configuration/find-schema.ts"
import type { ConfigurationSchema } from "../../../cni/configuration/schema.ts"
import { nearest } from "../../filter/nearest.ts"
import type { RuleSource } from "../finding.ts"
import type { ConfFile, ConfPath, FileHit, FileRule } from "./conf-file.ts"
import { type ConfigSection, type FileViolation, violationsOf } from "./schema-violations.ts"
import { acceptedText, kindText, pathText, quotesRemedy, suggestion, typesText, valueText } from "./schema-wording.ts"

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
    remedy: "Add it: the plugin fails without it.",
    check: (file) =>
      hits(file, ["required"], ({ key, owner, path, at }) => ({
        detail: `${owner} needs ${pathText([...path, key])}`,
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
        detail: `${pathText(path)} is ${valueText(path, value)}, ${kindText(value)}; ${owner} takes ${typesText(schema)}`,
        at,
        ...quotesRemedy(value, schema),
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
        detail: `${pathText(path)} is ${valueText(path, value)}; ${owner} takes ${acceptedText(schema)}${suggestion(value, schema)}`,
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

function hits(file: ConfFile, keywords: readonly string[], toHit: (violation: FileViolation) => FileHit): FileHit[] {
  return violationsOf(file)
    .filter(({ keyword }) => keywords.includes(keyword))
    .map(toHit)
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
          ? `${pathText([...path, key])}: libcni reads ${meant}, in exactly these letters`
          : `${owner} does not know ${pathText([...path, key])}; did you mean ${meant}?`,
        at,
        isKey: true,
      },
    ]
  })
}

function misplaced(file: ConfFile): FileHit[] {
  return unknownKeys(file).flatMap(({ key, path, section, at }) => {
    const home = belongsElsewhere(key, path, section)
    return home === undefined ? [] : [{ detail: `${pathText([...path, key])} belongs in ${home}`, at, isKey: true }]
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
