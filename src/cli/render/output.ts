import type { Command } from "commander"
import { Fault } from "../../fault/fault.ts"
import { namesSeveral } from "../args/captures.ts"
import type { Context } from "../context.ts"
import { API_VERSION, type OutputKind, type OutputKinds } from "../output/kinds.ts"
import { jsonText, painter, shown, visible } from "../terminal/colour.ts"
import { writer } from "../terminal/writer.ts"
import { customColumns } from "./custom-columns.ts"
import { compileJsonPath } from "./jsonpath.ts"
import { type Column, printTable, type Table } from "./table.ts"

export type Rows<Row> = Iterable<Row> | AsyncIterable<Row>

/** For verbs that print one object. */
export function addFormat(command: Command): Command {
  return command.option(
    "-o, --output <format>",
    "table, wide, json, jsonl, yaml, name, jsonpath=<template> or custom-columns=<heading>:<path>",
    "table",
  )
}

/** For verbs that print a list. */
export function addOutput(command: Command): Command {
  return addFormat(command).option("--no-headers", "print tables without headings")
}

/** Prints rows in the format that the options ask for, as they come, and returns how many there were. */
export async function printRows<Row>(
  context: Context,
  options: Record<string, unknown>,
  table: Table<Row>,
  rows: Rows<Row>,
): Promise<number> {
  const format = outputFormat(options)
  const value = (row: Row) => ({ apiVersion: API_VERSION, kind: table.kind, ...(table.value?.(row) ?? row) })
  let count = 0
  const counted = async function* () {
    for await (const row of rows) {
      count++
      yield row
    }
  }
  const out = writer(context)
  if (format.kind === "json") await printJson(out, table.kind, counted(), value)
  else if (format.kind === "jsonl") for await (const row of counted()) await out(`${jsonText(value(row))}\n`)
  else if (format.kind === "yaml") await printYaml(context, out, table.kind, counted(), value)
  else if (format.kind === "name") for await (const row of counted()) await out(`${visible(table.name(row))}\n`)
  else if (format.kind === "jsonpath") {
    const items: unknown[] = []
    for await (const row of counted()) items.push(value(row))
    await out(shown(context, format.render({ apiVersion: API_VERSION, kind: `${table.kind}List`, items })))
  } else if (format.kind === "custom-columns") {
    const values = async function* () {
      for await (const row of counted()) yield value(row)
    }
    await printTable(context, { columns: format.columns }, values(), {
      isWide: true,
      isMerged: false,
      headers: options.headers !== false,
    })
  } else if (table.block) {
    const paint = painter(context)
    for await (const row of counted()) await out(table.block(row, paint))
  } else
    await printTable(context, table, counted(), {
      isWide: format.kind === "wide",
      isMerged: table.isMerged ?? namesSeveral(options),
      headers: options.headers !== false,
    })
  if (count === 0 && format.kind !== "json" && format.kind !== "yaml") context.stderr.write(`${table.empty}\n`)
  return count
}

/** Prints one object in the format that the options ask for: `text` for people, `value` for programs. */
export async function printOne<Kind extends OutputKind>(
  context: Context,
  options: Record<string, unknown>,
  one: { kind: Kind; value: OutputKinds[Kind]; name: string; text(): string },
): Promise<void> {
  const format = outputFormat(options)
  const value = { apiVersion: API_VERSION, kind: one.kind, ...one.value }
  const out = writer(context)
  if (format.kind === "json") await out(`${jsonText(value, 2)}\n`)
  else if (format.kind === "jsonl") await out(`${jsonText(value)}\n`)
  else if (format.kind === "yaml") await out(shown(context, (await import("yaml")).stringify(value, YAML)))
  else if (format.kind === "name") await out(`${visible(one.name)}\n`)
  else if (format.kind === "jsonpath") await out(shown(context, format.render(value)))
  else if (format.kind === "custom-columns")
    await printTable(context, { columns: format.columns }, [value], {
      isWide: true,
      isMerged: false,
      headers: options.headers !== false,
    })
  else await out(one.text())
}

/** Calls of one pod share objects in memory, which YAML would print as anchors and aliases. */
const YAML = { aliasDuplicateObjects: false } as const

export type Format =
  | { kind: "table" | "wide" | "json" | "jsonl" | "yaml" | "name" }
  | { kind: "jsonpath"; render(value: unknown): string }
  | { kind: "custom-columns"; columns: Column<unknown>[] }

const SIMPLE = ["table", "wide", "json", "jsonl", "yaml", "name"] as const

export function outputFormat(options: Record<string, unknown>): Format {
  const text = String(options.output ?? "table")
  const simple = SIMPLE.find((kind) => kind === text)
  if (simple) return { kind: simple }
  const [, name, template = ""] = /^(jsonpath|custom-columns)=(.*)$/s.exec(text) ?? []
  if (name === undefined)
    throw new Fault(
      "USAGE",
      `unknown output format ${text}`,
      `Use one of ${SIMPLE.join(", ")}, jsonpath=<template>, custom-columns=<heading>:<path>.`,
    )
  if (name === "custom-columns") {
    const columns = customColumns(template)
    if (!("error" in columns)) return { kind: name, columns }
    throw new Fault(
      "USAGE",
      `custom-columns: ${columns.error}`,
      "Write it as kubectl does: custom-columns=ID:.id,POD:.pod.name.",
    )
  }
  const render = compileJsonPath(template)
  if ("error" in render) {
    throw new Fault("USAGE", `jsonpath: ${render.error}`, "Write it as kubectl does: jsonpath='{.items[*].id}'.")
  }
  return { kind: "jsonpath", render: render.render }
}

async function printJson<Row>(
  out: (text: string) => Promise<void>,
  kind: string,
  rows: AsyncIterable<Row>,
  value: (row: Row) => object,
): Promise<void> {
  await out(
    `{\n  "apiVersion": ${JSON.stringify(API_VERSION)},\n  "kind": ${JSON.stringify(`${kind}List`)},\n  "items": [`,
  )
  let separator = "\n"
  for await (const row of rows) {
    await out(`${separator}    ${jsonText(value(row), 2).replaceAll("\n", "\n    ")}`)
    separator = ",\n"
  }
  await out(separator === "\n" ? "]\n}\n" : "\n  ]\n}\n")
}

async function printYaml<Row>(
  context: Context,
  out: (text: string) => Promise<void>,
  kind: string,
  rows: AsyncIterable<Row>,
  value: (row: Row) => object,
): Promise<void> {
  const { stringify } = await import("yaml")
  let isFirst = true
  await out(stringify({ apiVersion: API_VERSION, kind: `${kind}List` }))
  for await (const row of rows) {
    if (isFirst) await out("items:\n")
    isFirst = false
    await out(shown(context, stringify([value(row)], YAML)))
  }
  if (isFirst) await out("items: []\n")
}
