import { hostname } from "node:os"
import { Fault } from "../fault/fault.ts"
import { ledgerRows, type NodeState, reconcile } from "../model/ledger/node-ledger.ts"
import { Review } from "../model/review.ts"
import { readNodeState } from "../store/node/node-state.ts"
import type { ReviewAnswer } from "./protocol.ts"
import type { Session } from "./session.ts"

/** An answer that has nearly everything waits for the rest. */
const WAIT_MS = 1_000
/** The node's own files are looked at for each answer, but not for each page. */
const NODE_FRESH_MS = 5_000

/**
 * Looks through the whole capture for findings and attachments, from the first time that somebody asks, and from then
 * on at what changed.
 */
export class Reviewer {
  readonly #session: Session
  readonly #root: string
  readonly #review = new Review()
  /** of the catalog, up to which everything was looked at */
  #version = -1
  #isHere = false
  #work: Promise<boolean> | undefined
  #node: { atMs: number; state: Promise<NodeState | { note: string }> } | undefined

  /** `root`: where the file system of the node is mounted whose captures these are. */
  constructor(session: Session, root: string) {
    this.#session = session
    this.#root = root
  }

  async answer(nowMs: number): Promise<ReviewAnswer> {
    // A failing read (a directory taken away, rights changed) is tried again when somebody asks again.
    this.#work ??= this.#next()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.#work = undefined
      })
    const waited = new Promise<false>((resolve) => setTimeout(() => resolve(false), WAIT_MS).unref())
    const isComplete = await Promise.race([this.#work, waited])
    const base = { isComplete, checked: this.#review.size, rules: this.#review.rules(nowMs) }
    return { ...base, gone: this.#review.goneCount, ...(await this.#ledger(nowMs, isComplete)) }
  }

  async #next(): Promise<void> {
    const { catalog } = this.#session
    if (this.#version < 0) {
      await this.#session.read()
      const { version } = catalog
      for await (const operation of this.#session.wholeCapture()) {
        this.#isHere ||= operation.node === hostname()
        // What ended while this pass went by it comes again below.
        const isInFlight = catalog.operationOf(operation.id)?.outcome === "running"
        this.#review.add(isInFlight ? { ...operation, outcome: "running" } : operation, Date.now())
      }
      this.#version = version
    }
    const { version, operations } = catalog.changesSince(this.#version)
    for (const light of operations.toSorted((a, b) => a.wallMs - b.wallMs)) {
      this.#isHere ||= light.node === hostname()
      this.#review.add(await this.#session.whole(light), Date.now())
    }
    this.#version = version
  }

  #books(nowMs: number) {
    return {
      attachments: () => this.#review.attachments(nowMs),
      isGone: (containerId: string, ifname: string | undefined) => this.#review.isGone(containerId, ifname),
    }
  }

  /** Compared with the node where the capture is of this node, and all of it was looked at. */
  async #ledger(nowMs: number, isComplete: boolean): Promise<Pick<ReviewAnswer, "ledger" | "note">> {
    const mayLook = this.#session.source.isLive && (this.#isHere || this.#root !== "/")
    if (!isComplete || !mayLook) return { ledger: ledgerRows(this.#review.attachments(nowMs)) }
    if (!this.#node || nowMs - this.#node.atMs > NODE_FRESH_MS) {
      const state = readNodeState(this.#root, hostname(), this.#review.dataDirs)
      this.#node = { atMs: nowMs, state: state.catch(unreadable) }
    }
    const state = await this.#node.state
    return "note" in state
      ? { ledger: ledgerRows(this.#review.attachments(nowMs)), note: state.note }
      : { ledger: reconcile(this.#books(nowMs), state) }
  }
}

function unreadable(error: unknown): { note: string } {
  if (!(error instanceof Fault)) throw error
  return { note: `not compared with this node: ${error.message}` }
}
