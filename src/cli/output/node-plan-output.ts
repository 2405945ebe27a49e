import type { PlanNode } from "../../install/plan/plan-output.ts"

/** What an install would do on a node, as `kubectl cnitap install --dry-run` prints it. */
export type NodePlanOutput = Partial<PlanNode> & {
  /** its name in the cluster */
  name: string
  /** plugins that would be recorded */
  recorded: string[]
  isRecorded: boolean
  /** why nothing is installed there */
  refusal?: string
  warnings: string[]
}
