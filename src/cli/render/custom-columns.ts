import { compileJsonPath } from "./jsonpath.ts"
import type { Column } from "./table.ts"

/**
 * The columns of `custom-columns=HEADING:PATH,…`, as kubectl has them: a path as in jsonpath, with or without braces and
 * leading dot; several values are joined by commas, and a missing one is `<none>`. `error`: what is wrong with the text.
 */
export function customColumns(text: string): Column<unknown>[] | { error: string } {
  const columns: Column<unknown>[] = []
  for (const part of text.split(",")) {
    const colon = part.indexOf(":")
    const [title, path] = [part.slice(0, colon), part.slice(colon + 1)]
    if (colon < 1 || path === "") return { error: part === "" ? "a column is empty" : `${part} is not HEADING:PATH` }
    const compiled = compileJsonPath(/^[.[{]/.test(path) ? path : `.${path}`)
    if ("error" in compiled) return { error: `${path}: ${compiled.error}` }
    columns.push({ title, text: (row) => compiled.values(row).join(",") || "<none>" })
  }
  return columns
}
