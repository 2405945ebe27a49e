import { redact } from "../../capture/redact/redact.ts"
import type { DirectoryChange } from "../apply/apply.ts"
import type { Observation } from "../detect/find-observation.ts"
import type { NodeFacts, SeLinux } from "../detect/node-facts.ts"
import { type PathSetting, runtimeLabel } from "../detect/runtimes/runtime.ts"
import type { InstallMode } from "./install-options.ts"
import type { NotRecorded } from "./not-recorded.ts"
import type { Plan } from "./plan.ts"
import type { Refusal } from "./refusal.ts"
import { type SettingsOutput, settingsOutput } from "./settings-output.ts"
import type { InstallStep } from "./step.ts"
import type { Target } from "./targets.ts"

/** What `cnitap plan -o json` and `cnitap install -o json` print; see `Plan`. */
export type PlanOutput = {
  mode: InstallMode
  /** with --mode auto: why the mode is not observe */
  notObserved?: string
  /** the plugins of --plugins; missing for every plugin that the active list reaches */
  plugins?: string[]
  /** path mode's directory */
  shimDir: string
  force: boolean
  settings: SettingsOutput
  /** why the install cannot be done; empty if it can */
  refusals: Refusal[]
  warnings: string[]
  /** the steps by plugin directory; empty if nothing has to be changed */
  changes: DirectoryChange[]
  targets: Target[]
  notRecorded: NotRecorded[]
  /** chain mode: the network configuration before and after; without secrets; bytes that are not valid UTF-8 are replaced */
  edit?: { path: string; before: string; after: string }
  /** path mode: what the operator has to set */
  pathSetting?: PathSetting
  otherModes: { mode: InstallMode; refusals: Refusal[] }[]
  node: PlanNode
}

/** A summary of what was detected on the node. */
export type PlanNode = {
  /** the container runtime and its version */
  runtime?: string
  platform: string
  confDir: string
  binDirs: string[]
  selinux: SeLinux["mode"]
  /** whether `cnitap observe` works there; absent if the kernel is not known */
  observation?: Observation
  /** the directories that the install changes, without symlinks in their paths */
  changedDirs: string[]
}

/** `realPath`: of a directory of the node, with every symlink followed. */
export function planOutput(plan: Plan, facts: NodeFacts, realPath: (path: string) => string): PlanOutput {
  const { options, edit, changes, ...rest } = plan
  return {
    ...options,
    settings: settingsOutput(options.settings),
    ...rest,
    changes: changes.map((change) => ({ ...change, steps: change.steps.map(redactedStep) })),
    ...(edit ? { edit: { ...edit, before: printable(edit.before), after: printable(edit.after) } } : {}),
    node: planNode(plan, facts, realPath),
  }
}

function planNode(
  { options: { mode }, changes, edit }: Plan,
  { runtime, platform, confDir, binDirs, selinux, observation }: NodeFacts,
  realPath: (path: string) => string,
): PlanNode {
  const changed = mode === "observe" ? [] : [...changes.map(({ binDir }) => binDir), ...(edit ? [confDir.value] : [])]
  return {
    ...(runtime ? { runtime: runtimeLabel(runtime) } : {}),
    platform: platform.name,
    confDir: confDir.value,
    binDirs: binDirs.value,
    selinux: selinux.mode,
    ...(observation ? { observation } : {}),
    changedDirs: [...new Set(changed.map(realPath))],
  }
}

/**
 * The text for people of a network configuration, which a plan has as Latin-1, one character per byte. Without secrets,
 * because plans are pasted into issues.
 */
export function printable(latin1: string): string {
  return redact(Buffer.from(latin1, "latin1").toString()).text
}

function redactedStep(step: InstallStep): InstallStep {
  return step.kind === "write" && "edit" in step
    ? { ...step, edit: { ...step.edit, text: printable(step.edit.text) } }
    : step
}
