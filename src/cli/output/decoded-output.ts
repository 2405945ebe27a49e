import type { DecodedPart } from "../../model/decode/decode.ts"

/** A decoded part of the input, as `decode` prints it. */
export type DecodedOutput = DecodedPart & {
  /** the line of the input, from 1; the first one, if a list is broken over several lines */
  line: number
  /** the JSON value, if the text is nothing else */
  value?: unknown
}
