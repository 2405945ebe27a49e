import { lstatSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import { apply } from "../apply/apply.ts"
import type { Agent } from "../detect/known-agents.ts"
import type { NodeFacts } from "../detect/node-facts.ts"
import type { Disk } from "../disk/disk.ts"
import type { RelayFile } from "../disk/relay-file.ts"
import type { InstallOptions } from "../plan/install-options.ts"
import { takeInventory } from "../plan/inventory.ts"
import { planInstall } from "../plan/plan.ts"
import { installIn, restoreExpired } from "../undo/expiry.ts"
import { tidyTombstones } from "../undo/removal.ts"
import type { Surroundings } from "../undo/undo.ts"
import { ChangeWaiter } from "./change-waiter.ts"
import { RepairBackoff } from "./repair-backoff.ts"
import { type InstallStatus, isWhole, readStatus } from "./status.ts"

/** What a watch needs of the node; `look` detects it anew. */
export type Watched = {
  disk: Disk
  relay: RelayFile
  homes: readonly string[]
  shimDir: string
  look(): { facts: NodeFacts; surroundings: Surroundings }
}

/** Changes are noticed at once where the kernel tells of them, and at this pace where it does not. */
const POLL_MS = 2000
/** A file that an installer is writing is left alone until nothing has changed for so long. */
const SETTLE_MS = 700
/** The node itself, agents that came or went, and pass-through executables. */
const LOOK_MS = 30_000

/**
 * Puts the relay back where an agent has put its own file, until the time of the install is over, nothing is installed
 * any more, or somebody says stop. It never fights: what an agent would take out again is reported and left.
 */
export class Watch {
  readonly #node: Watched
  readonly #report: (text: string) => void
  readonly #throttle = new RepairBackoff()
  readonly #said = new Set<string>()
  #around: ReturnType<Watched["look"]>

  constructor(node: Watched, report: (text: string) => void) {
    this.#node = node
    this.#report = report
    this.#around = node.look()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { disk, homes, shimDir } = this.#node
    const bell = new ChangeWaiter(signal)
    let lookedMs = 0
    let seen = ""
    try {
      while (!signal.aborted) {
        if (Date.now() - lookedMs >= LOOK_MS) {
          this.#lookAgain()
          lookedMs = Date.now()
        }
        const { facts, surroundings } = this.#around
        bell.listenTo([facts.confDir.value, ...homes].map((path) => disk.at(path)))
        for (const { binDir } of restoreExpired(disk, homes, shimDir, surroundings, Date.now()))
          this.#report(`the time of the install in ${binDir} is over; its files are as they were before`)
        const statuses = homes.flatMap((binDir) => readStatus(disk, binDir, surroundings) ?? [])
        if (statuses.length === 0) return
        const lost = statuses.filter((status) => status.state !== "retired" && !isWhole(status))
        if (lost.length === 0) this.#said.clear()
        const now = fingerprint(disk, lost)
        const isSettled = now === seen
        seen = now
        if (isSettled) for (const status of lost) this.#repair(status)
        const untilMs = Math.min(...statuses.map(({ settings }) => settings.untilMs ?? Number.POSITIVE_INFINITY))
        const pauseMs = Math.min(isSettled || lost.length === 0 ? POLL_MS : SETTLE_MS, untilMs - Date.now())
        await bell.wait(Math.max(0, pauseMs), lost.length === 0)
      }
    } finally {
      bell.close()
    }
  }

  #lookAgain(): void {
    const { disk, homes, shimDir, look } = this.#node
    this.#around = look()
    for (const path of tidyTombstones(disk, homes, shimDir, this.#around.surroundings))
      this.#report(`${path} is gone: nothing names it any more`)
  }

  #repair(status: InstallStatus): void {
    const what = lossesOf(status).join(", ")
    if (status.state === "unfinished") {
      this.#sayOnce(`the install in ${status.binDir} was cut off; run cnitap install again, or cnitap uninstall`)
      return
    }
    const { disk, relay, look } = this.#node
    this.#around = look()
    const { facts, surroundings } = this.#around
    const opponent = opponentOf(facts.agents, status)
    if (opponent) {
      this.#sayOnce(`${what}: left alone, ${opponent.name} would win: ${opponent.does}`)
      return
    }
    const wish = wishOf(status, this.#node.shimDir)
    const planNow = () => planInstall(takeInventory(disk, facts, wish), wish, relay.sha256)
    // Somebody may just have uninstalled; that is no loss.
    const isStillThere = () => installIn(disk, status.binDir) !== undefined
    const plan = planNow()
    if (!isStillThere()) return
    const [refusal] = plan.refusals
    if (refusal || plan.works.length === 0) {
      this.#sayOnce(`${what}: not put back${refusal ? `, ${refusal.why}` : ", it is not there"}`)
      return
    }
    const turn = this.#throttle.take(Date.now())
    if (!turn.isAllowed) {
      const seconds = Math.ceil((turn.untilMs - Date.now()) / 1000)
      const fight = "put back 3 times in 30 s, and somebody else took it out each time"
      if (turn.isNew) this.#report(`${what}: ${fight}; stopped, calls go on unrecorded; next try in ${seconds} s`)
      return
    }
    const { mode, settings } = status
    try {
      apply(
        disk,
        relay,
        { mode, settings, wallMs: Date.now() },
        plan.works,
        () => (isStillThere() ? planNow().works : []),
        surroundings,
      )
      this.#report(`${what}: put back`)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#sayOnce(`${what}: not put back, ${error.message}`)
    }
  }

  #sayOnce(text: string): void {
    if (!this.#said.has(text)) this.#report(text)
    this.#said.add(text)
  }
}

/** What somebody else has taken out, for people. */
export function lossesOf({ plugins, list }: InstallStatus): string[] {
  const gone = plugins.filter(({ state }) => state !== "recorded" && state !== "waiting")
  return [
    ...gone.map(({ path, state }) => `${path} (${state})`),
    ...(list && list.state !== "edited" ? [`${list.path} (${list.state})`] : []),
  ]
}

/** Cilium with cni.exclusive, Istio: they watch too. */
function opponentOf(agents: readonly Agent[], { mode, plugins, list }: InstallStatus): Agent | undefined {
  const lost = plugins.filter(({ state }) => state === "replaced").map(({ name }) => name)
  return agents.find((agent) =>
    mode === "chain" && list?.state !== "edited"
      ? agent.onListEdit === "fought"
      : agent.onSwap === "fought" && agent.plugins.some((plugin) => lost.includes(plugin)),
  )
}

/** The install as it was asked for; what it passed over then is passed over again. */
function wishOf({ mode, settings, plugins }: InstallStatus, shimDir: string): InstallOptions {
  const names = plugins.filter(({ state }) => state === "recorded" || state === "replaced").map(({ name }) => name)
  return { mode, ...(mode === "chain" ? {} : { plugins: names }), shimDir, force: true, settings }
}

/** Equal twice means that whoever wrote there is done. */
function fingerprint(disk: Disk, lost: readonly InstallStatus[]): string {
  const paths = lost.flatMap(({ plugins, list }) => [...plugins.map(({ path }) => path), ...(list ? [list.path] : [])])
  return paths
    .map((path) => {
      const stat = lstatSync(disk.at(path), { bigint: true, throwIfNoEntry: false })
      return stat ? `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.mode}` : "-"
    })
    .join("\n")
}
