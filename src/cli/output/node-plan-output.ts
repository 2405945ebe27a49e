import type { RecorderMode } from "../../cluster/names.ts"
import type { PlanNode } from "../../install/plan/plan-output.ts"

/** What an install would do on a node, as `kubectl cnitap install --dry-run` prints it. */
export type NodePlanOutput = Partial<PlanNode> & {
  /** its name in the cluster */
  name: string
  /** how it would be recorded */
  mode?: RecorderMode
  /** if the mode was to be chosen: why it is not observe */
  notObserved?: string
  /** plugins that would be recorded */
  recorded: string[]
  isRecorded: boolean
  /** why nothing is installed there */
  refusal?: string
  warnings: string[]
}
