import { parseFilter } from "./parse.ts"

/** The filter so that `and` can be written before or behind it: in brackets if it is alternatives, because `and` binds tighter. */
export function bracketed(text: string): string {
  const parsed = parseFilter(text, Date.now())
  return parsed.ok && parsed.filter.kind === "or" && parsed.filter.parts.length > 1 ? `(${text})` : text
}
