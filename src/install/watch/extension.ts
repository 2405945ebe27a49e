import { Fault } from "../../fault/fault.ts"
import { apply, installRecord } from "../apply/apply.ts"
import { installIn } from "../disk/journal.ts"
import { takeInventory } from "../plan/inventory.ts"
import { planInstall } from "../plan/plan.ts"
import { gapText, type RecordingGap } from "../status/recording-gap.ts"
import { optionsOf } from "../status/recording-gaps.ts"
import type { InstallStatus } from "../status/status.ts"
import type { RepairBackoff } from "./repair-backoff.ts"
import type { DetectedNode, WatchedNode } from "./watch.ts"

/** What became of the gaps, for people: which are recorded now, and why the others are not. */
export type Extension = { recorded: string[]; obstacles: string[] }

/** Runs the same install again, which records what joined the active networks since. */
export function extendInstall(
  { disk, relay, shimDir, nowMs }: WatchedNode,
  { facts, undoContext }: DetectedNode,
  installs: readonly InstallStatus[],
  gaps: readonly RecordingGap[],
  backoff: RepairBackoff,
): Extension {
  const open = gaps.filter(({ cause }) => cause === "not-installed")
  const others = gaps.filter(({ cause }) => cause !== "not-installed").map(gapText)
  const blocked = (reason: string): Extension => ({
    recorded: [],
    obstacles: [...others, ...open.map((gap) => `${gapText(gap)}; ${reason}`)],
  })
  const options = optionsOf(installs, shimDir)
  if (open.length === 0 || options === undefined) return blocked("nothing is installed")
  const overwriter = facts.agents.find(({ onListEdit }) => options.mode === "chain" && onListEdit === "overwrites")
  if (overwriter) return blocked(`${overwriter.name} would remove the probes again: ${overwriter.behaviour}`)
  const planNow = () => planInstall(takeInventory(disk, facts, options), options, relay.sha256)
  // An uninstall may have just removed everything, which must not come back.
  const isStillInstalled = () => installs.some(({ binDir }) => installIn(disk, binDir) !== undefined)
  const plan = planNow()
  if (!isStillInstalled()) return { recorded: [], obstacles: [] }
  const [refusal] = plan.refusals
  if (refusal) return blocked(refusal.reason)
  if (!backoff.take(nowMs()).isAllowed) return blocked("it was extended 3 times in 30 s")
  const replan = () => (isStillInstalled() ? planNow().changes : [])
  try {
    apply(disk, relay, installRecord(options, facts, nowMs()), plan.changes, replan, undoContext)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return blocked(error.message)
  }
  return { recorded: open.map((gap) => (gap.kind === "plugin" ? gap.plugin : gap.list)), obstacles: others }
}
