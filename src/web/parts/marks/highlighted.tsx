import type { ComponentChildren } from "preact"
import { REDACTED } from "../../../capture/redact/redacted.ts"
import type { JsonLine } from "../json-lines.ts"

/** A line of a stream with search hits and redacted values marked. */
export function Marked({
  text,
  query,
  kind,
  keyLength = 0,
}: {
  text: string
  query: string
  kind?: JsonLine["kind"]
  keyLength?: number
}) {
  return (
    <>
      {keyLength > 0 && <span class="key">{pieces(text.slice(0, keyLength), query)}</span>}
      <span class={kind && `value-${kind}`}>{pieces(text.slice(keyLength), query)}</span>
    </>
  )
}

/** Marks search hits and redacted values. */
function pieces(text: string, query: string): ComponentChildren {
  const wanted = query.toLowerCase()
  const lower = text.toLowerCase()
  const found: ComponentChildren[] = []
  let at = 0
  while (at < text.length) {
    const nextHit = wanted ? lower.indexOf(wanted, at) : -1
    const nextSecret = text.indexOf(REDACTED, at)
    const next = Math.min(nextHit < 0 ? text.length : nextHit, nextSecret < 0 ? text.length : nextSecret)
    if (next > at) found.push(text.slice(at, next))
    if (next === text.length) break
    if (next === nextHit) {
      found.push(<mark>{text.slice(next, next + wanted.length)}</mark>)
      at = next + wanted.length
    } else {
      found.push(
        <span class="redacted" title="a secret was redacted here before the call was recorded">
          redacted
        </span>,
      )
      at = next + REDACTED.length
    }
  }
  return found
}
