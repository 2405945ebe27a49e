import type { BeginEvent, DataEvent, ObserverEvent } from "./event.ts"
import { ObservedCall } from "./observed-call.ts"

/** Makes calls of events. Events of one process are in order; those of different processes nearly so. */
export class CallAssembler {
  readonly calls = new Map<number, ObservedCall>()
  readonly #newId: () => string
  readonly #isPlugin: (begin: BeginEvent) => boolean | undefined
  readonly #streamBytes: number
  readonly #onBegun: (call: ObservedCall) => void
  /** pieces of transfers that are not complete, by thread */
  readonly #pieces = new Map<number, DataEvent[]>()

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
    } else if (event.kind === "fork") call.processes.add(event.pid)
    else if (event.kind === "exit") {
      call.processes.delete(event.pid)
      // A plugin may execute another one in its own process.
      for (let at: ObservedCall | undefined = call; at; at = at.parent) {
        at.processes.delete(event.pid)
        if (at.begin.pid === event.pid) at.end(event)
      }
    } else this.#transfer(call, event)
  }

  /** Any call may have transferred something that was not seen, also before its stdin ended, unless that is recorded already. */
  markMissed(): void {
    for (const { streams, hasStdin } of this.calls.values())
      for (const stream of hasStdin ? streams.slice(1) : streams) stream.hasGap = true
  }

  /** To be called before the ring is read again: pieces of transfers that are not complete are in its memory. */
  keepPieces(): void {
    for (const pieces of this.#pieces.values())
      for (const piece of pieces)
        if (piece.bytes.byteLength < piece.bytes.buffer.byteLength) piece.bytes = piece.bytes.slice()
  }

  #transfer(call: ObservedCall, event: DataEvent): void {
    const waiting = this.#pieces.get(event.thread)
    const first = waiting?.[0]
    const isSame = first?.call === event.call && first.ino === event.ino && first.totalBytes === event.totalBytes
    if (first && !isSame) complete(this.calls.get(first.call), waiting ?? [])
    const pieces = waiting && isSame ? waiting : []
    pieces.push(event)
    if (event.isLast) {
      if (waiting) this.#pieces.delete(event.thread)
      complete(call, pieces)
    } else this.#pieces.set(event.thread, pieces)
  }
}

/** What a descendant writes to the stream of an enclosing call is output of both. */
function complete(call: ObservedCall | undefined, pieces: readonly DataEvent[]): void {
  const first = pieces[0]
  if (!first) return
  for (let at = call; at; at = at.parent) for (const stream of at.streamsOf(first)) stream.add(pieces)
}
