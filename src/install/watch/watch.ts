import { lstatSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import { apply } from "../apply/apply.ts"
import type { Agent } from "../detect/agents/known-agents.ts"
import type { NodeFacts } from "../detect/node-facts.ts"
import type { Disk } from "../disk/disk.ts"
import type { RelayFile } from "../disk/relay-file.ts"
import type { InstallOptions } from "../plan/install-options.ts"
import { takeInventory } from "../plan/inventory.ts"
import { planInstall } from "../plan/plan.ts"
import { type InstallStatus, isComplete, readStatus } from "../status/status.ts"
import { installIn, restoreExpired } from "../undo/expiry.ts"
import type { UndoContext } from "../undo/undo.ts"
import { tidyTombstones } from "../undo/uninstall.ts"
import { ChangeWaiter, type Waiter } from "./change-waiter.ts"
import { RepairBackoff } from "./repair-backoff.ts"

/** What `watch` needs from the node; `detect` reads its current state. */
export type WatchedNode = {
  disk: Disk
  relay: RelayFile
  installDirs: readonly string[]
  shimDir: string
  detect(): { facts: NodeFacts; undoContext: UndoContext }
  /** since 1970 */
  nowMs(): number
}

/** Changes with an inotify event are noticed at once, all others after this time. */
const POLL_MS = 2000
/** A file is repaired only after it has not changed for this time, because an installer may still write it. */
const SETTLE_MS = 700
/** How often the node is detected again, for agents that started or stopped and for tombstones. */
const DETECT_MS = 30_000

/**
 * Reinstalls the relay after an agent has overwritten it, until the install expires, nothing is installed any more, or
 * the signal aborts. It does not repair what an agent would overwrite again at once; that is only reported.
 */
export class Watch {
  readonly #node: WatchedNode
  readonly #report: (text: string) => void
  readonly #backoff = new RepairBackoff()
  readonly #reported = new Set<string>()
  #current: ReturnType<WatchedNode["detect"]>

  constructor(node: WatchedNode, report: (text: string) => void) {
    this.#node = node
    this.#report = report
    this.#current = node.detect()
  }

  async run(signal: AbortSignal, waiter: Waiter = new ChangeWaiter(signal)): Promise<void> {
    const { disk, installDirs, shimDir, nowMs } = this.#node
    let detectedMs = 0
    let previous = ""
    try {
      while (!signal.aborted) {
        if (nowMs() - detectedMs >= DETECT_MS) {
          this.#detectAgain()
          detectedMs = nowMs()
        }
        const { facts, undoContext } = this.#current
        waiter.watch([facts.confDir.value, ...installDirs].map((path) => disk.at(path)))
        for (const { binDir } of restoreExpired(disk, installDirs, shimDir, undoContext, nowMs()))
          this.#report(`the install in ${binDir} has expired; its files are restored`)
        const statuses = installDirs.flatMap((binDir) => readStatus(disk, binDir, undoContext) ?? [])
        if (statuses.length === 0) return
        const lost = statuses.filter((status) => status.state !== "retired" && !isComplete(status))
        if (lost.length === 0) this.#reported.clear()
        const now = fingerprint(disk, lost)
        const isSettled = now === previous
        previous = now
        if (isSettled) for (const status of lost) this.#repair(status)
        const untilMs = Math.min(...statuses.map(({ settings }) => settings.untilMs ?? Number.POSITIVE_INFINITY))
        const pauseMs = Math.min(isSettled || lost.length === 0 ? POLL_MS : SETTLE_MS, untilMs - nowMs())
        await waiter.wait(Math.max(0, pauseMs), lost.length === 0)
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
    const options = optionsOf(status, this.#node.shimDir)
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
      const cause = "reinstalled 3 times in 30 s, and overwritten each time"
      if (permission.isNew)
        this.#report(`${losses}: ${cause}; calls are not recorded until the next attempt in ${seconds} s`)
      return
    }
    const { mode, settings } = status
    try {
      apply(
        disk,
        relay,
        { mode, settings, wallMs: nowMs() },
        plan.changes,
        () => (isStillInstalled() ? planNow().changes : []),
        undoContext,
      )
      this.#report(`${losses}: reinstalled`)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#reportOnce(`${losses}: not reinstalled, ${error.message}`)
    }
  }

  #reportOnce(text: string): void {
    if (!this.#reported.has(text)) this.#report(text)
    this.#reported.add(text)
  }
}

/** What another program has removed or replaced, for people. */
export function lossesOf({ plugins, list }: InstallStatus): string[] {
  const lost = plugins.filter(({ state }) => state !== "recorded" && state !== "waiting")
  return [
    ...lost.map(({ path, state }) => `${path} (${state})`),
    ...(list && list.state !== "edited" ? [`${list.path} (${list.state})`] : []),
  ]
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
function optionsOf({ mode, settings, plugins }: InstallStatus, shimDir: string): InstallOptions {
  const names = plugins.filter(({ state }) => state === "recorded" || state === "replaced").map(({ name }) => name)
  return { mode, ...(mode === "chain" ? {} : { plugins: names }), shimDir, force: true, settings }
}

/** Two equal fingerprints in a row mean that the files are complete. */
function fingerprint(disk: Disk, lost: readonly InstallStatus[]): string {
  const paths = lost.flatMap(({ plugins, list }) => [...plugins.map(({ path }) => path), ...(list ? [list.path] : [])])
  return paths
    .map((path) => {
      const stat = lstatSync(disk.at(path), { bigint: true, throwIfNoEntry: false })
      return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.mode}` : "-"
    })
    .join("\n")
}
