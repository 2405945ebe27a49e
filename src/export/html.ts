import type { Call } from "../model/call.ts"

/** What a page that is opened from disk carries. */
export type EmbeddedCapture = {
  /** where the calls came from, as it was named */
  path: string
  host: string
  /** said in the page where calls were left out */
  note?: string
  calls: Call[]
}

/** The page holds its data as text; beyond this browsers take their time to open it. */
export const MAX_EMBEDDED_CHARACTERS = 64 * 1024 * 1024

const EMPTY = '<script type="application/json" id="capture">null</script>'

/**
 * Writes a capture into the built page (`template`), as inert JSON: a data block that no browser executes, and in
 * which no `<` is left that could end it. Calls beyond the limit are left out, the oldest first, and the page says so.
 */
export function toHtml(template: string, capture: EmbeddedCapture): string {
  if (!template.includes(EMPTY)) throw new RangeError("the template has no place for a capture")
  const kept: string[] = []
  let characters = 0
  for (const call of capture.calls.toSorted((a, b) => b.wallMs - a.wallMs)) {
    const text = inert(call)
    if (kept.length > 0 && characters + text.length > MAX_EMBEDDED_CHARACTERS) break
    characters += text.length
    kept.push(text)
  }
  const { calls, ...facts } = capture
  const left = calls.length - kept.length
  const note = left > 0 ? `the oldest ${left} of ${calls.length} calls are left out to keep this file small` : undefined
  const head = inert({ ...facts, note: [facts.note, note].filter(Boolean).join("; ") || undefined })
  const data = `${head.slice(0, -1)},"calls":[${kept.join(",")}]}`
  return template
    .replace("connect-src 'self'", "connect-src 'none'")
    .replace(EMPTY, () => EMPTY.replace("null", () => data))
}

/** JSON without `<`; also without the two line separators that JSON allows and scripts once did not. */
function inert(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
}
