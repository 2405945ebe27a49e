import { compareCalls } from "../compare/compare.ts"
import { age } from "../format.ts"
import { walk } from "../operation.ts"
import { abbreviate } from "./error-text.ts"
import type { FailingCall } from "./failing-call.ts"
import type { ExplainContext, Statement } from "./statement.ts"

const MAX_DIFFERENCES = 3

/** In what the input of a failing call differs from that of a call of the same plugin and network that worked. */
export function comparedWithGood({ call }: FailingCall, { worked, nowMs }: ExplainContext): Statement[] {
  const good = worked && walk(worked.calls).find(({ call: one }) => one.plugin === call.plugin)?.call
  if (!good) return []
  const differences = compareCalls(call, good).filter(
    ({ stream, isVolatile }) => !isVolatile && (stream === "stdin" || stream === "env"),
  )
  if (differences.length === 0) return []
  const texts = differences.map(
    ({ stream, location, a, b }) => `${stream} ${location} is ${shown(b)} there, and ${shown(a)} here`,
  )
  const rest = texts.length - MAX_DIFFERENCES
  const more = rest > 0 ? ` (and ${rest} more: cnitap diff ${call.id} ${good.id})` : ""
  const text = `with ${good.id}, which worked ${age(good.wallMs, nowMs)} ago: ${texts.slice(0, MAX_DIFFERENCES).join("; ")}${more}`
  return [{ topic: "compared", text, call: good.id }]
}

function shown(value: string | undefined): string {
  return value === undefined ? "missing" : abbreviate(value, 60)
}
