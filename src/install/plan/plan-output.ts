import type { DirectoryChange } from "../apply/apply.ts"
import type { PathSetting } from "../detect/runtimes/runtime.ts"
import type { InstallMode } from "./install-options.ts"
import type { NotRecorded } from "./not-recorded.ts"
import type { Plan } from "./plan.ts"
import type { Refusal } from "./refusal.ts"
import { type SettingsOutput, settingsOutput } from "./settings-output.ts"
import type { Target } from "./targets.ts"

/** What `cnitap plan -o json` and `cnitap install -o json` print; see `Plan`. */
export type PlanOutput = {
  mode: InstallMode
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
  /** chain mode: the network configuration before and after; bytes that are not valid UTF-8 are replaced */
  edit?: { path: string; before: string; after: string }
  /** path mode: what the operator has to set */
  pathSetting?: PathSetting
  otherModes: { mode: InstallMode; refusals: Refusal[] }[]
}

export function planOutput({ options, edit, ...plan }: Plan): PlanOutput {
  return {
    ...options,
    settings: settingsOutput(options.settings),
    ...plan,
    ...(edit ? { edit: { ...edit, before: utf8Of(edit.before), after: utf8Of(edit.after) } } : {}),
  }
}

/** A plan has file contents as Latin-1, one character per byte; this is the text for people. */
export function utf8Of(latin1: string): string {
  return Buffer.from(latin1, "latin1").toString()
}
