import type { Call } from "../model/call.ts"
import type { Explanation } from "../model/explain/statement.ts"

/** The data embedded in an exported page. */
export type EmbeddedCapture = {
  /** the capture, as given on the command line */
  path: string
  host: string
  /** when the capture was read; calls in flight have this age, whenever the page is opened */
  writtenMs: number
  /** what the clock of that machine is ahead of UTC */
  utcOffsetMs?: number
  /** of the operations with a problem: what `cnitap explain` says */
  explanations?: Explanation[]
  /** shown in the page, such as that calls were left out */
  note?: string
  calls: Call[]
}

/** The page contains its data as text; browsers open larger files slowly. */
export const MAX_EMBEDDED_CHARACTERS = 64 * 1024 * 1024

const EMPTY = '<script type="application/json" id="capture">null</script>'

/**
 * Embeds a capture in the built page (`template`) as a JSON data block, which browsers do not execute and which contains
 * no `<` that could end it. Calls beyond the size limit are left out, oldest first; the page shows how many.
 */
export function toHtml(template: string, capture: EmbeddedCapture): string {
  if (!template.includes(EMPTY)) throw new RangeError("the template has no data block for a capture")
  const texts: string[] = []
  let characters = 0
  for (const call of capture.calls.toSorted((a, b) => b.wallMs - a.wallMs)) {
    const text = toInertJson(call)
    if (texts.length > 0 && characters + text.length > MAX_EMBEDDED_CHARACTERS) break
    characters += text.length
    texts.push(text)
  }
  const { calls, ...header } = capture
  const omitted = calls.length - texts.length
  const note =
    omitted > 0
      ? `the oldest ${omitted} of ${calls.length} calls are omitted to limit the size of this file`
      : undefined
  const head = toInertJson({ ...header, note: [header.note, note].filter(Boolean).join("; ") || undefined })
  const data = `${head.slice(0, -1)},"calls":[${texts.join(",")}]}`
  return template
    .replace("connect-src 'self'", "connect-src 'none'")
    .replace(EMPTY, () => EMPTY.replace("null", () => data))
}

/** JSON without `<`, and without U+2028 and U+2029, which JSON allows but JavaScript before ES2019 does not. */
function toInertJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
}
