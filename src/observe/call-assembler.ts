import type { BeginEvent, DataEvent, ObserverEvent } from "./event.ts"
import { ObservedCall } from "./observed-call.ts"

/** Makes calls of events. Events of one process are in order; those of different processes nearly so. */
export class CallAssembler {
  readonly calls = new Map<number, ObservedCall>()
  readonly #newId: () => string
  readonly #isPlugin: (begin: BeginEvent) => boolean | undefined
  readonly #streamBytes: number
  readonly #onBegun: (call: ObservedCall) => void
  /** pieces of transfers that are not complete, by thread, and how many of them are in memory of their own */
  readonly #pieces = new Map<number, { pieces: Pieces; ownCount: number }>()

  /** `isPlugin`: undefined if only the environment of the call can say so. */
  constructor(
    newId: () => string,
    isPlugin: (begin: BeginEvent) => boolean | undefined,
    streamBytes: number,
    onBegun: (call: ObservedCall) => void,
  ) {
    this.#newId = newId
    this.#isPlugin = isPlugin
    this.#streamBytes = streamBytes
    this.#onBegun = onBegun
  }

  add(event: ObserverEvent): void {
    if (event.kind === "begin") {
      const parent = this.calls.get(event.parent)
      const call = new ObservedCall(this.#newId(), event, this.#isPlugin(event), parent, this.#streamBytes)
      this.calls.set(event.call, call)
      this.#onBegun(call)
      return
    }
    const call = this.calls.get(event.call)
    // Its begin was lost.
    if (!call) return
    if (event.kind === "text") {
      call.texts.set(event.bytes, event.offset)
      call.textBytes += event.bytes.length
      if (call.isOnlyNamed && call.hasTexts && !call.isOwnCall) call.isForeign = true
    } else if (event.kind === "fork") call.processes.push(event.pid)
    else if (event.kind === "exit") for (let at: ObservedCall | undefined = call; at; at = at.parent) at.exited(event)
    else this.#transfer(call, event)
  }

  /** Any call may have transferred something that was not seen, also before its stdin ended, unless that is recorded already. */
  markMissed(): void {
    for (const { streams, hasStdin } of this.calls.values())
      for (const stream of hasStdin ? streams.slice(1) : streams) stream.hasGap = true
  }

  /** To be called before the ring is read again: pieces of transfers that are not complete are in its memory. */
  keepPieces(): void {
    for (const waiting of this.#pieces.values()) {
      for (const piece of waiting.pieces.slice(waiting.ownCount)) piece.bytes = piece.bytes.slice()
      waiting.ownCount = waiting.pieces.length
    }
  }

  #transfer(call: ObservedCall, event: DataEvent): void {
    const waiting = this.#pieces.get(event.thread)
    const isNext = waiting !== undefined && isSameTransfer(waiting.pieces[0], event)
    // The rest of the one before was lost.
    if (waiting && !isNext) complete(this.calls.get(waiting.pieces[0].call), waiting.pieces)
    if (isNext) waiting.pieces.push(event)
    const pieces: Pieces = isNext ? waiting.pieces : [event]
    if (event.leftBytes > 0) {
      if (!isNext) this.#pieces.set(event.thread, { pieces, ownCount: 0 })
      return
    }
    if (waiting) this.#pieces.delete(event.thread)
    complete(call, pieces)
  }
}

type Pieces = [DataEvent, ...DataEvent[]]

function isSameTransfer(a: DataEvent, b: DataEvent): boolean {
  return a.call === b.call && a.ino === b.ino && a.totalBytes === b.totalBytes
}

/** What a descendant writes to the stream of an enclosing call is output of both. */
function complete(call: ObservedCall | undefined, pieces: Pieces): void {
  for (let at = call; at; at = at.parent) at.add(pieces)
}
