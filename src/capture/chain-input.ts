import { VERSION_WHEN_MISSING } from "../cni/version.ts"
import { scanJson } from "./json-scan.ts"

/** What a probe needs of its stdin: the version, and the position of the previous plugins' result. */
export type ChainInput = { version: string; prevResult?: { from: number; to: number } }

/** Positions are positions in the text; they are byte offsets if the text has one character for each byte of stdin. */
export function chainInput(text: string): ChainInput {
  let version: string = VERSION_WHEN_MISSING
  let result: { from: number; to: number } | undefined
  scanJson(
    text,
    (node) => {
      if (node.depth === 1 && node.step === "cniVersion" && node.kind === "string")
        version = text.slice(node.from + 1, node.to - 1)
      return node.depth === 0
    },
    (closed) => {
      if (closed.depth === 1 && closed.step === "prevResult") result = { from: closed.from, to: closed.to }
    },
  )
  return { version, ...(result ? { prevResult: result } : {}) }
}
