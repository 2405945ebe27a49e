/**
 * Writes docs/schema: one JSON Schema for each kind of object that `-o json|jsonl|yaml` prints, made from the types in
 * src/cli/output/kinds.ts. Unknown keys are allowed, because keys may be added within an API version.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createGenerator, type Schema } from "ts-json-schema-generator"
import { API_VERSION } from "../../src/cli/output/kinds.ts"

const root = join(import.meta.dirname, "../..")
export const SCHEMA_DIR = join(root, "docs/schema")
const DEFINITION = "#/definitions/"

if (process.argv[1] === import.meta.filename) {
  mkdirSync(SCHEMA_DIR, { recursive: true })
  const files = schemaFiles()
  for (const name of readdirSync(SCHEMA_DIR)) {
    if (name.endsWith(".json") && !(name in files)) rmSync(join(SCHEMA_DIR, name))
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(SCHEMA_DIR, name), text)
  console.log(`cnitap: docs/schema has ${Object.keys(files).length} schemas`)
}

/** The text of each file by its name, such as `operation.json`. */
export function schemaFiles(): Record<string, string> {
  const { definitions = {} } = createGenerator({
    path: join(root, "src/cli/output/kinds.ts"),
    tsconfig: join(root, "src/cli/tsconfig.json"),
    type: "OutputKinds",
    topRef: true,
    // Opened by `published` below: the generator cannot intersect types that allow other keys.
    additionalProperties: false,
    skipTypeCheck: true,
  }).createSchema("OutputKinds")
  const kinds = (definitions.OutputKinds as Schema | undefined)?.properties ?? {}
  return Object.fromEntries(
    Object.entries(kinds).map(([kind, type]) => [fileName(kind), schemaText(kind, type as Schema, definitions)]),
  )
}

function fileName(kind: string): string {
  return `${kind.replace(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()}.json`
}

function schemaText(kind: string, type: Schema, definitions: NonNullable<Schema["definitions"]>): string {
  const used: NonNullable<Schema["definitions"]> = {}
  const body = withHeader(resolved(type, definitions), kind, definitions)
  collect(body, definitions, used)
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: kind,
    ...body,
    ...(Object.keys(used).length > 0 ? { definitions: sorted(used) } : {}),
  }
  return `${JSON.stringify(schema, published, 2)}\n`
}

/**
 * Objects allow keys that a later version adds. Times are RFC 3339 under names that end in `At`, which the types have no
 * way to say.
 */
function published(key: string, value: unknown): unknown {
  if (key === "additionalProperties" && value === false) return undefined
  const isTime = key.endsWith("At") && typeof value === "object" && value !== null && "type" in value
  return isTime && value.type === "string" ? { ...value, format: "date-time" } : value
}

/** The type itself, where it is only named. */
function resolved(type: Schema, definitions: NonNullable<Schema["definitions"]>): Schema {
  if (!type.$ref) return type
  return resolved(definitions[decodeURIComponent(type.$ref.slice(DEFINITION.length))] as Schema, definitions)
}

/** Adds what every printed object begins with, to each alternative of a union. */
function withHeader(type: Schema, kind: string, definitions: NonNullable<Schema["definitions"]>): Schema {
  if (type.anyOf)
    return {
      ...type,
      anyOf: type.anyOf.map((one) => withHeader(resolved(one as Schema, definitions), kind, definitions)),
    }
  return {
    ...type,
    properties: { apiVersion: { const: API_VERSION }, kind: { const: kind }, ...type.properties },
    required: ["apiVersion", "kind", ...(type.required ?? [])],
  }
}

function collect(
  value: unknown,
  definitions: NonNullable<Schema["definitions"]>,
  used: NonNullable<Schema["definitions"]>,
): void {
  if (typeof value !== "object" || value === null) return
  for (const [key, member] of Object.entries(value)) {
    if (key !== "$ref" || typeof member !== "string") {
      collect(member, definitions, used)
      continue
    }
    const name = decodeURIComponent(member.slice(DEFINITION.length))
    const definition = definitions[name]
    if (definition === undefined || name in used) continue
    used[name] = definition
    collect(definition, definitions, used)
  }
}

function sorted<T>(entries: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
}
