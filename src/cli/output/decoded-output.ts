import type { DecodedPart } from "../../model/decode/decode.ts"

/** A decoded part of the input, as `decode` prints it. */
export type DecodedOutput = DecodedPart & {
  /** from 1 */
  line: number
  /** the JSON value, if the text is nothing else */
  value?: unknown
}
