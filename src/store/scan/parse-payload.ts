import type { Payload } from "../../capture/record.ts"
import { isPayload } from "../../capture/record-shape.ts"
import { parseJson } from "../../cni/json.ts"

/** A stream of a record. Undefined if it is malformed: a seal does not prove that a relay wrote the line. */
export function parsePayload(json: string): Payload | undefined {
  const value = parseJson(json)
  return isPayload(value) ? value : undefined
}
