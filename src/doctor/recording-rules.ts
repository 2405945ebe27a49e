import { gapText, isProblem } from "../install/status/recording-gap.ts"
import type { NodeRule } from "./node-finding.ts"

/** What an install of cnitap should record and does not. Pods are not affected. */
export const RECORDING_RULES: NodeRule[] = [
  {
    id: "cnitap-list-changed",
    severity: "warning",
    title: "the active list has something that the install of cnitap does not record",
    check: ({ gaps }) =>
      gaps
        // A plugin without a file is reported as such.
        .filter((gap) => isProblem(gap) && gap.cause !== "missing")
        .map((gap) => ({
          detail: gapText(gap),
          evidence: [gap.list],
          remedy: "Run cnitap status for the command that records it, or keep cnitap watch running.",
        })),
  },
  {
    id: "cnitap-capture",
    severity: "warning",
    title: "relays cannot write to the capture, so nothing is recorded",
    check: ({ installs }) => {
      const paths = new Map(
        installs.flatMap(({ state, capture }) => (state === "installed" ? [[capture.path, capture] as const] : [])),
      )
      return [...paths.values()].flatMap(({ path, problem }) =>
        problem === undefined
          ? []
          : [{ detail: `${path} ${problem}`, evidence: [path], remedy: "Run cnitap status, then cnitap install." }],
      )
    },
  },
]
