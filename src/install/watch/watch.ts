import { join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { apply, installRecord } from "../apply/apply.ts"
import type { Agent } from "../detect/agents/known-agents.ts"
import type { NodeFacts } from "../detect/node-facts.ts"
import type { Disk } from "../disk/disk.ts"
import { installIn } from "../disk/journal.ts"
import { list } from "../disk/plugin-dir.ts"
import type { RelayFile } from "../disk/relay-file.ts"
import type { InstallOptions } from "../plan/install-options.ts"
import { takeInventory } from "../plan/inventory.ts"
import { planInstall } from "../plan/plan.ts"
import type { RecordingGap } from "../status/recording-gap.ts"
import { optionsOf, readRecordingGaps } from "../status/recording-gaps.ts"
import { type InstallStatus, readStatus } from "../status/status.ts"
import { restoreExpired } from "../undo/expiry.ts"
import type { UndoContext } from "../undo/undo.ts"
import { tidyTombstones } from "../undo/uninstall.ts"
import { ChangeWaiter, type Waiter } from "./change-waiter.ts"
import { extendInstall } from "./extension.ts"
import { fingerprint, lossesOf, pathsOf } from "./losses.ts"
import { RepairBackoff } from "./repair-backoff.ts"

/** What `watch` needs from the node; `detect` reads its current state. */
export type WatchedNode = {
  disk: Disk
  relay: RelayFile
  installDirs: readonly string[]
  shimDir: string
  detect(): DetectedNode
  /** since 1970 */
  nowMs(): number
}

export type DetectedNode = { facts: NodeFacts; undoContext: UndoContext }

/** Changes with an inotify event are noticed at once, all others after this time. */
const POLL_MS = 2000
/** A file is repaired only after it has not changed for this time, because an installer may still write it. */
const SETTLE_MS = 700
/**
 * How often the node is detected again, for agents that started or stopped, plugins that were installed, and tombstones.
 * A change of the network configurations is noticed at once.
 */
const DETECT_MS = 30_000

/**
 * Reinstalls the relay after an agent has overwritten it, and extends the install to plugins that join the active
 * networks, until the install expires, nothing is installed any more, or the signal aborts. It does not repair what an
 * agent would overwrite again at once; that is only reported.
 */
export class Watch {
  readonly #node: WatchedNode
  readonly #report: (text: string) => void
  readonly #backoff = new RepairBackoff()
  /** texts of the last round and of this one, so that each is reported once while it holds */
  #reported = new Set<string>()
  #reporting = new Set<string>()
  #current: DetectedNode
  /** what joined the active networks, as of the last detection */
  #gaps: RecordingGap[] = []
  /** why some of it cannot be recorded; undefined until it was tried */
  #obstacles: string[] | undefined

  constructor(node: WatchedNode, report: (text: string) => void) {
    this.#node = node
    this.#report = report
    this.#current = node.detect()
  }

  async run(signal: AbortSignal, waiter: Waiter = new ChangeWaiter(signal)): Promise<void> {
    const { disk, installDirs, shimDir, nowMs } = this.#node
    let detectedMs = 0
    let detected = ""
    let previous = ""
    try {
      while (!signal.aborted) {
        const lists = fingerprint(disk, configurationsOf(disk, this.#current.facts))
        const isDue = nowMs() - detectedMs >= DETECT_MS || lists !== detected
        if (isDue) {
          this.#detectAgain()
          detectedMs = nowMs()
          detected = lists
        }
        const { facts, undoContext } = this.#current
        waiter.watch([facts.confDir.value, ...installDirs].map((path) => disk.at(path)))
        for (const { binDir } of restoreExpired(disk, installDirs, shimDir, undoContext, nowMs()))
          this.#report(`the install in ${binDir} has expired; its files are restored`)
        const statuses = installDirs.flatMap((binDir) => readStatus(disk, binDir, undoContext) ?? [])
        if (statuses.length === 0) return
        const installs = statuses.filter(({ state }) => state !== "retired")
        const lost = installs.filter((install) => install.state === "unfinished" || lossesOf(install).length > 0)
        if (isDue) this.#findGaps(installs)
        const isPending = lost.length > 0 || (this.#gaps.length > 0 && this.#obstacles === undefined)
        const files = [...lost.flatMap(pathsOf), ...this.#gaps.flatMap((gap) => ("path" in gap ? gap.path : gap.list))]
        const now = fingerprint(disk, files)
        const isSettled = now === previous
        previous = now
        if (isSettled || !isPending) this.#act(installs, lost)
        const untilMs = Math.min(...statuses.map(({ settings }) => settings.untilMs ?? Number.POSITIVE_INFINITY))
        const pauseMs = Math.min(isSettled || !isPending ? POLL_MS : SETTLE_MS, untilMs - nowMs())
        await waiter.wait(Math.max(0, pauseMs), !isPending)
      }
    } finally {
      waiter.close()
    }
  }

  #detectAgain(): void {
    const { disk, installDirs, shimDir, detect } = this.#node
    this.#current = detect()
    for (const path of tidyTombstones(disk, installDirs, shimDir, this.#current.undoContext))
      this.#report(`removed ${path}, which nothing names any more`)
  }

  #findGaps(installs: readonly InstallStatus[]): void {
    const { disk, shimDir } = this.#node
    this.#gaps = readRecordingGaps(disk, this.#current.facts, installs, shimDir)
    this.#obstacles = this.#gaps.length === 0 ? [] : undefined
  }

  #act(installs: readonly InstallStatus[], lost: readonly InstallStatus[]): void {
    this.#reporting = new Set()
    for (const install of lost) this.#repair(install)
    for (const { capture } of installs)
      if (capture.exists && capture.problem) this.#reportOnce(`${capture.path} ${capture.problem}: nothing is recorded`)
    if (lost.length === 0) this.#extend(installs)
    for (const text of this.#obstacles ?? []) this.#reportOnce(text)
    this.#reported = this.#reporting
  }

  #extend(installs: readonly InstallStatus[]): void {
    if (this.#obstacles !== undefined) return
    const { recorded, obstacles } = extendInstall(this.#node, this.#current, installs, this.#gaps, this.#backoff)
    if (recorded.length > 0) this.#report(`${recorded.join(", ")}: joined the active list, now recorded`)
    this.#obstacles = obstacles
  }

  #repair(status: InstallStatus): void {
    const losses = lossesOf(status).join(", ")
    if (status.state === "unfinished") {
      this.#reportOnce(`the install in ${status.binDir} was interrupted; run cnitap install again, or cnitap uninstall`)
      return
    }
    const { disk, relay, detect, nowMs } = this.#node
    this.#current = detect()
    const { facts, undoContext } = this.#current
    const overwriter = overwriterOf(facts.agents, status)
    if (overwriter) {
      this.#reportOnce(
        `${losses}: not reinstalled, because ${overwriter.name} would overwrite it again: ${overwriter.behaviour}`,
      )
      return
    }
    const before = optionsOf([status], this.#node.shimDir)
    const options = status.mode === "observe" && before ? before : repairOptions(status, this.#node.shimDir)
    const planNow = () => planInstall(takeInventory(disk, facts, options), options, relay.sha256)
    // An uninstall may have just removed it, which must not be repaired.
    const isStillInstalled = () => installIn(disk, status.binDir) !== undefined
    const plan = planNow()
    if (!isStillInstalled()) return
    const [refusal] = plan.refusals
    if (refusal || plan.changes.length === 0) {
      this.#reportOnce(`${losses}: not reinstalled, ${refusal ? refusal.reason : "because the plugin does not exist"}`)
      return
    }
    const permission = this.#backoff.take(nowMs())
    if (!permission.isAllowed) {
      const seconds = Math.ceil((permission.untilMs - nowMs()) / 1000)
      const cause =
        status.mode === "observe"
          ? "started 3 times in 30 s, and ended each time"
          : "reinstalled 3 times in 30 s, and overwritten each time"
      if (permission.isNew)
        this.#report(`${losses}: ${cause}; calls are not recorded until the next attempt in ${seconds} s`)
      return
    }
    try {
      apply(
        disk,
        relay,
        installRecord(before ?? options, facts, nowMs()),
        plan.changes,
        () => (isStillInstalled() ? planNow().changes : []),
        undoContext,
      )
      this.#report(`${losses}: ${status.mode === "observe" ? "started again" : "reinstalled"}`)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#reportOnce(`${losses}: not reinstalled, ${error.message}`)
    }
  }

  #reportOnce(text: string): void {
    if (!this.#reported.has(text) && !this.#reporting.has(text)) this.#report(text)
    this.#reporting.add(text)
  }
}

/** The agent that would overwrite a repair at once (Cilium with cni.exclusive, Istio). */
function overwriterOf(agents: readonly Agent[], { mode, plugins, list }: InstallStatus): Agent | undefined {
  const lost = plugins.filter(({ state }) => state === "replaced").map(({ name }) => name)
  return agents.find((agent) =>
    mode === "chain" && list?.state !== "edited"
      ? agent.onListEdit === "overwrites"
      : agent.onSwap === "overwrites" && agent.plugins.some((plugin) => lost.includes(plugin)),
  )
}

/** The options of the install, with the plugins that it recorded. */
function repairOptions({ mode, settings, plugins }: InstallStatus, shimDir: string): InstallOptions {
  const names = plugins.filter(({ state }) => state === "recorded" || state === "replaced").map(({ name }) => name)
  return { mode, ...(mode === "chain" ? {} : { plugins: names }), shimDir, force: true, settings }
}

function configurationsOf(disk: Disk, { confDir }: NodeFacts): string[] {
  return list(disk.at(confDir.value)).map((name) => join(confDir.value, name))
}
