import type { Agent } from "../detect/agents/known-agents.ts"
import type { NodeFacts } from "../detect/node-facts.ts"
import type { InstallMode } from "../plan/install-options.ts"
import { type SettingsOutput, settingsOutput } from "../plan/settings-output.ts"
import type { Tombstone } from "../undo/undo.ts"
import { isProblem, type RecordingGap } from "./recording-gap.ts"
import {
  type CaptureStatus,
  type InstallStatus,
  isComplete,
  type ListStatus,
  type ObserverStatus,
  type PluginStatus,
} from "./status.ts"

/** What `cnitap status -o json` prints. */
export type StatusOutput = {
  /** one per plugin directory; empty if nothing is installed */
  installs: InstallOutput[]
  /** all is recorded: every install is complete, and so is the active list */
  isComplete: boolean
  /** files of the active networks */
  activeLists: string[]
  /** what joined the active networks and is not recorded */
  gaps: RecordingGap[]
  /** the network agents of the node */
  agents: Agent[]
  /** the clock of the node; since 1970 */
  nowMs: number
}

/** What is installed in one plugin directory; see `InstallStatus`. */
export type InstallOutput = {
  binDir: string
  mode: InstallMode
  state: InstallStatus["state"]
  /** everything that was installed is still in place, and relays can write to the capture */
  isComplete: boolean
  /** RFC 3339 */
  installedAt: string
  installedMs: number
  /** RFC 3339; of the last install */
  changedAt: string
  changedMs: number
  settings: SettingsOutput
  /** the plugins of --plugins; missing for every plugin that the active networks reach */
  onlyPlugins?: string[]
  /** --force was given */
  isForced: boolean
  /** files of the networks that were active at the last install */
  lists: string[]
  plugins: PluginStatus[]
  /** chain mode: the edited network configuration */
  list?: ListStatus
  /** mode observe */
  observer?: ObserverStatus
  tombstones: Tombstone[]
  capture: CaptureStatus
}

export function statusOutput(
  installs: readonly InstallStatus[],
  { networks, agents }: Pick<NodeFacts, "networks" | "agents">,
  gaps: RecordingGap[],
  nowMs: number,
): StatusOutput {
  return {
    installs: installs.map((install) => ({
      ...install,
      isComplete: isComplete(install),
      installedAt: new Date(install.installedMs).toISOString(),
      changedAt: new Date(install.changedMs).toISOString(),
      settings: settingsOutput(install.settings),
    })),
    isComplete: installs.length > 0 && installs.every(isComplete) && !gaps.some(isProblem),
    activeLists: networks.filter(({ isActive }) => isActive).map(({ file }) => file),
    gaps,
    agents,
    nowMs,
  }
}
