import type { NodeAnswer } from "../../cluster/ask-node.ts"
import { type ClockReading, clockDifference } from "../../cluster/clock-difference.ts"
import { duration } from "../../model/format.ts"
import type { Context } from "../context.ts"
import { nodeNames } from "./node-names.ts"

/** Names the two nodes whose clocks differ most: calls of several nodes are in the order of these clocks. */
export function reportClocks({ stderr }: Pick<Context, "stderr">, answers: readonly NodeAnswer[]): void {
  const clocks = answers.flatMap((answer) => (answer.kind === "answered" && answer.clock ? [answer.clock] : []))
  const found = describedDifference(clocks)
  if (found) stderr.write(`cnitap: ${found.text}\n`)
}

/**
 * The same for nodes that are followed: takes the clock of each when it answers. Two nodes are reported once. `onChange`
 * gets every sentence, which is undefined once the clocks are the same.
 */
export function clockReporter(
  { stderr }: Pick<Context, "stderr">,
  onChange?: (text: string | undefined) => void,
): (reading: ClockReading) => void {
  const latest = new Map<string, ClockReading>()
  const reported = new Set<string>()
  return (reading) => {
    latest.set(reading.node, reading)
    const found = describedDifference([...latest.values()])
    onChange?.(found?.text)
    if (!found || reported.has(found.nodes)) return
    reported.add(found.nodes)
    stderr.write(`cnitap: ${found.text}\n`)
  }
}

function describedDifference(clocks: readonly ClockReading[]): { nodes: string; text: string } | undefined {
  const found = clockDifference(clocks)
  if (!found) return undefined
  const nodes = nodeNames([found.slow, found.fast])
  return {
    nodes,
    text: `the clocks of ${nodes} differ by ${duration(found.differenceMs)}, so the times of their calls cannot be compared. Synchronize the clocks, for example with chrony.`,
  }
}
