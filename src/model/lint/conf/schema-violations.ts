import { ipamSchema, LIST_SCHEMA, pluginSchema } from "../../../cni/configuration/find-schema.ts"
import type { ConfigurationSchema } from "../../../cni/configuration/schema.ts"
import { isObject } from "../../../cni/json.ts"
import { text } from "../call-facts.ts"
import type { ConfFile, ConfPath } from "./conf-file.ts"
import { type Violation, validateConfiguration } from "./validate-configuration.ts"

/** `owner`: the plugin whose schema it is. `at`: path from the root of the document; `path` is that from the plugin. */
export type FileViolation = Violation & { owner: string; at: ConfPath; section: ConfigSection }

/** An object of the file with its schema. `inner`: the plugin's `ipam` section; `outer`: the plugin of such a section. */
export type ConfigSection = {
  owner: string
  config: Record<string, unknown>
  path: ConfPath
  schema: ConfigurationSchema
  /** the other object of the same plugin in which a key may belong, and what it is called */
  other?: { schema: ConfigurationSchema; name: string }
}

/** Several rules read the violations of a file. */
const known = new WeakMap<ConfFile, FileViolation[]>()

export function violationsOf(file: ConfFile): FileViolation[] {
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
