import { hostname } from "node:os"
import { SEGMENT_INTERVAL_MS } from "../capture/segment-name.ts"
import { Fault } from "../fault/fault.ts"
import { conclude } from "../model/ledger/left-behind.ts"
import type { NodeState } from "../model/ledger/node-ledger.ts"
import type { Period } from "../model/ledger/unrecorded.ts"
import { RULE_SET } from "../model/lint/rule-set.ts"
import type { Operation } from "../model/operation.ts"
import { Review } from "../model/review.ts"
import { isSealed, SEALED_MS } from "../store/capture/segments.ts"
import type { CaptureFacts } from "../store/query/ledger.ts"
import { FirstReview } from "./first-review.ts"
import type { ReviewAnswer } from "./protocol.ts"
import { SegmentChecks } from "./segment-checks.ts"
import type { Session } from "./session.ts"

/** A request waits this long for the review to complete; then it gets what is complete so far. */
const WAIT_MS = 1_000
/** The node's files are read again at most this often, whatever the number of pages. */
const NODE_FRESH_MS = 5_000

/** Throws a Fault if permission is denied. */
export type ReadState = (facts: CaptureFacts) => Promise<NodeState>

/** Checks all operations for findings and attachments: the whole capture at the first request, then what changed. */
export class Reviewer {
  readonly #session: Session
  readonly #readState: ReadState
  readonly #review: Review
  /** until the capture was reviewed as a whole */
  #first: FirstReview | undefined
  /** resolves when the newest operations were checked, whose findings a page shows first */
  readonly #newest: Promise<false>
  #newestChecked: () => void = () => undefined
  #isNewestAnswered = false
  /** version of the catalog that was reviewed completely; -1 before the first review */
  #version = -1
  /** the capture was recorded on the node whose state can be read */
  #isThisNode: boolean
  readonly #checks: SegmentChecks
  readonly #nodes = new Set<string>()
  /** start of the first and the last operation */
  readonly #recorded: Period = { fromMs: Number.POSITIVE_INFINITY, toMs: Number.NEGATIVE_INFINITY }
  /** the segments before this hour were kept */
  #hour: number | undefined
  #work: Promise<boolean> | undefined
  #node: { atMs: number; state: Promise<NodeState | { note: string }> } | undefined

  /** `readState`: reads the state of the node that recorded the capture. `isOtherRoot`: that node's file system is mounted here. */
  constructor(session: Session, readState: ReadState, isOtherRoot: boolean) {
    this.#session = session
    this.#review = new Review((call) => session.wholeCall(call))
    this.#checks = new SegmentChecks(session, RULE_SET)
    session.onForgotten((operations) => {
      for (const operation of operations) this.#review.forget(operation)
    })
    this.#readState = readState
    this.#isThisNode = isOtherRoot
    this.#newest = new Promise((resolve) => {
      this.#newestChecked = () => resolve(false)
    })
  }

  async answer(nowMs: number): Promise<ReviewAnswer> {
    // After a failed read (directory removed, permissions changed) the next request tries again.
    this.#work ??= this.#next()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        this.#work = undefined
      })
    const waited = new Promise<false>((resolve) => setTimeout(() => resolve(false), WAIT_MS).unref())
    const early = this.#first && !this.#isNewestAnswered ? [this.#newest] : []
    const isComplete = await Promise.race([this.#work, waited, ...early])
    this.#isNewestAnswered ||= (this.#first?.size ?? 0) > 0
    const checked = this.#first?.size ?? this.#review.size
    const rules = this.#first?.rules() ?? this.#review.rules(nowMs)
    return { isComplete, checked, rules, gone: this.#review.goneCount, ...(await this.#ledger(nowMs, isComplete)) }
  }

  async #next(): Promise<void> {
    const { catalog } = this.#session
    if (this.#version < 0) {
      const first = new FirstReview(this.#session, this.#checks)
      this.#first = first
      // The newest are known long before the indexes of a large capture are built.
      await this.#session.begun()
      if (!this.#session.isRead) {
        await first.check(catalog.newestFirst(), Date.now())
        this.#newestChecked()
      }
      await this.#session.read()
      const { version } = catalog
      const operations = catalog.newestFirst()
      for (const operation of operations) this.#note(operation)
      await first.addTo(this.#review, operations)
      this.#first = undefined
      this.#version = version
    }
    const { version, operations } = catalog.changesSince(this.#version)
    for (const summary of operations.toSorted((a, b) => a.wallMs - b.wallMs)) {
      this.#note(summary)
      this.#review.add(await this.#session.whole(summary), Date.now())
    }
    this.#version = version
    await this.#keepSealed()
  }

  /** The next server finds the results of the segments that no longer grow. */
  async #keepSealed(): Promise<void> {
    const hour = Math.floor((Date.now() - SEALED_MS) / SEGMENT_INTERVAL_MS)
    const before = this.#hour
    this.#hour = hour
    if (before === undefined || before === hour) return
    const fromMs = (before - 1) * SEGMENT_INTERVAL_MS
    const recent = this.#session.catalog.newestFirst().filter(({ wallMs }) => wallMs >= fromMs)
    for (const [segment, operations] of await this.#session.bySegment(recent))
      if (segment && isSealed(segment)) await this.#checks.of(segment, operations)
  }

  #note({ node, wallMs }: Pick<Operation, "node" | "wallMs">): void {
    if (node !== undefined) this.#nodes.add(node)
    this.#isThisNode ||= node === hostname()
    this.#recorded.fromMs = Math.min(this.#recorded.fromMs, wallMs)
    this.#recorded.toMs = Math.max(this.#recorded.toMs, wallMs)
  }

  #ledgerSource(nowMs: number) {
    return {
      attachments: () => this.#review.attachments(nowMs),
      isGone: (containerId: string, ifname: string | undefined) => this.#review.isGone(containerId, ifname),
    }
  }

  /** Compared with the node's own state if the capture is of this node and was reviewed completely. */
  async #ledger(nowMs: number, isComplete: boolean): Promise<Pick<ReviewAnswer, "ledger" | "note">> {
    const isComparable = this.#session.source.isLive && this.#isThisNode
    if (!isComplete || !isComparable) return { ledger: conclude(this.#ledgerSource(nowMs), undefined) }
    if (!this.#node || nowMs - this.#node.atMs > NODE_FRESH_MS) {
      const state = this.#readState({
        nodes: this.#nodes,
        dataDirs: this.#review.dataDirs,
        recorded: [this.#recorded],
      })
      this.#node = { atMs: nowMs, state: state.catch(unreadable) }
    }
    const state = await this.#node.state
    return "note" in state
      ? { ledger: conclude(this.#ledgerSource(nowMs), undefined), note: state.note }
      : { ledger: conclude(this.#ledgerSource(nowMs), state).filter((row) => row.state !== "gone") }
  }
}

function unreadable(error: unknown): { note: string } {
  if (!(error instanceof Fault)) throw error
  return { note: `not compared with the state of this node: ${error.message}` }
}
