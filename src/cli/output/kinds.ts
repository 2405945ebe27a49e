import type { NodeFinding } from "../../doctor/node-finding.ts"
import type { PlanOutput } from "../../install/plan/plan-output.ts"
import type { StatusOutput } from "../../install/status/status-output.ts"
import type { UninstallOutput } from "../../install/undo/uninstall.ts"
import type { Explanation } from "../../model/explain/statement.ts"
import type { FileFinding } from "../../model/lint/conf/lint-conf.ts"
import type { AttachmentOutput } from "./attachment-output.ts"
import type { CallOutput, OperationOutput } from "./call-output.ts"
import type { DecodedOutput } from "./decoded-output.ts"
import type { ChainOutput, DifferenceOutput } from "./diff-output.ts"
import type { ErrorGroupOutput } from "./error-group-output.ts"
import type { FindingOutput } from "./finding-output.ts"
import type { NodePlanOutput } from "./node-plan-output.ts"
import type { NodeUninstallOutput } from "./node-uninstall-output.ts"
import type { RecorderOutput } from "./recorder-output.ts"
import type { StatisticsOutput } from "./statistics-output.ts"

/** Programs may rely on it: keys are added, but their meaning does not change within a version. */
export const API_VERSION = "cnitap/v1"

/**
 * What `-o json`, `jsonl` and `yaml` print, by kind; each object also has `apiVersion` and `kind`. A list of a kind is
 * `{ apiVersion, kind: "<Kind>List", items }`, and in jsonl one object per line.
 */
export type OutputKinds = {
  Operation: OperationOutput
  Call: CallOutput
  Statistics: StatisticsOutput
  ErrorGroup: ErrorGroupOutput
  Explanation: Explanation
  Chain: ChainOutput
  Difference: DifferenceOutput
  Finding: FindingOutput
  FileFinding: FileFinding
  Attachment: AttachmentOutput
  Decoded: DecodedOutput
  NodeFinding: NodeFinding
  /** `findings`: what `lint` finds in the active list */
  Plan: PlanOutput & { findings: FileFinding[] }
  /** what was done */
  Install: PlanOutput
  Status: StatusOutput
  Uninstall: UninstallOutput
  /** `kubectl cnitap status` */
  Recorder: RecorderOutput
  /** `kubectl cnitap install` */
  NodePlan: NodePlanOutput
  /** `kubectl cnitap uninstall` */
  NodeUninstall: NodeUninstallOutput
}

export type OutputKind = keyof OutputKinds
