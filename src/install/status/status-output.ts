import type { Agent } from "../detect/agents/known-agents.ts"
import type { InstallMode } from "../plan/install-options.ts"
import { type SettingsOutput, settingsOutput } from "../plan/settings-output.ts"
import type { Tombstone } from "../undo/undo.ts"
import { type CaptureStatus, type InstallStatus, isComplete, type ListStatus, type PluginStatus } from "./status.ts"

/** What `cnitap status -o json` prints. */
export type StatusOutput = {
  /** one per plugin directory; empty if nothing is installed */
  installs: InstallOutput[]
  /** the network agents of the node */
  agents: Agent[]
}

/** What is installed in one plugin directory; see `InstallStatus`. */
export type InstallOutput = {
  binDir: string
  mode: InstallMode
  state: InstallStatus["state"]
  /** everything that was installed is still in place */
  isComplete: boolean
  /** RFC 3339 */
  installedAt: string
  installedMs: number
  /** RFC 3339; of the last install */
  changedAt: string
  changedMs: number
  settings: SettingsOutput
  plugins: PluginStatus[]
  /** chain mode: the edited network configuration */
  list?: ListStatus
  tombstones: Tombstone[]
  capture: CaptureStatus
}

export function statusOutput(installs: readonly InstallStatus[], agents: Agent[]): StatusOutput {
  return {
    installs: installs.map((install) => ({
      ...install,
      isComplete: isComplete(install),
      installedAt: new Date(install.installedMs).toISOString(),
      changedAt: new Date(install.changedMs).toISOString(),
      settings: settingsOutput(install.settings),
    })),
    agents,
  }
}
