import type { Redaction } from "./redacted.ts"
import { redactWith } from "./redaction.ts"
import { SCRIPTED } from "./scripted-text.ts"

/** Redacts a text of any length, where nothing waits for it. The relay searches with native code and a budget. */
export function redact(source: string): Redaction {
  const { text, redacted } = redactWith(SCRIPTED, source)
  return { text, redacted }
}
