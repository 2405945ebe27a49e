import type { NodeAnswer } from "../../cluster/ask-node.ts"
import { clockDifference } from "../../cluster/clock-difference.ts"
import { duration } from "../../model/format.ts"
import type { Context } from "../context.ts"
import { nodeNames } from "./node-names.ts"

/** Names the two nodes whose clocks differ most: calls of several nodes are in the order of these clocks. */
export function reportClocks({ stderr }: Pick<Context, "stderr">, answers: readonly NodeAnswer[]): void {
  const clocks = answers.flatMap((answer) => (answer.kind === "answered" && answer.clock ? [answer.clock] : []))
  const found = clockDifference(clocks)
  if (found)
    stderr.write(
      `cnitap: the clocks of ${nodeNames([found.slow, found.fast])} differ by ${duration(found.differenceMs)}, so the order of their calls is wrong. Synchronize the clocks, for example with chrony.\n`,
    )
}
