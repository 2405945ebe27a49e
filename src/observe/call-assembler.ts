import type { BeginEvent, DataEvent, ObserverEvent } from "./event.ts"
import { ObservedCall } from "./observed-call.ts"

/** Makes calls of events. Events of one process are in order; those of different processes nearly so. */
export class CallAssembler {
  readonly calls = new Map<number, ObservedCall>()
  readonly #newId: () => string
  readonly #isForeign: (begin: BeginEvent) => boolean
  readonly #streamBytes: number
  /** pieces of transfers that are not complete, by thread */
  readonly #pieces = new Map<number, DataEvent[]>()

  constructor(newId: () => string, isForeign: (begin: BeginEvent) => boolean, streamBytes: number) {
    this.#newId = newId
    this.#isForeign = isForeign
    this.#streamBytes = streamBytes
  }

  add(event: ObserverEvent): void {
    if (event.kind === "begin") {
      const parent = this.calls.get(event.parent)
      this.calls.set(
        event.call,
        new ObservedCall(this.#newId(), event, this.#isForeign(event), parent, this.#streamBytes),
      )
      return
    }
    const call = this.calls.get(event.call)
    // Its begin was lost.
    if (!call) return
    if (event.kind === "text") {
      call.texts.set(event.bytes, event.offset)
      call.textBytes += event.bytes.length
    } else if (event.kind === "fork") call.processes.add(event.pid)
    else if (event.kind === "exit") {
      call.processes.delete(event.pid)
      // A plugin may execute another one in its own process.
      for (let at: ObservedCall | undefined = call; at; at = at.parent) {
        at.processes.delete(event.pid)
        if (at.begin.pid === event.pid) at.exit ??= event
      }
    } else this.#transfer(call, event)
  }

  /** Pieces before the last one are stored; their bytes are copied because the ring is read again before that. */
  #transfer(call: ObservedCall, event: DataEvent): void {
    const pieces = this.#pieces.get(event.thread) ?? []
    const isSame =
      pieces[0]?.call === event.call && pieces[0].ino === event.ino && pieces[0].totalBytes === event.totalBytes
    if (pieces.length > 0 && !isSame) this.#complete(call, pieces)
    const all = isSame ? [...pieces, event] : [event]
    if (event.isLast) {
      this.#complete(call, all)
      this.#pieces.delete(event.thread)
    } else this.#pieces.set(event.thread, [...all.slice(0, -1), { ...event, bytes: event.bytes.slice() }])
  }

  /** What a descendant writes to the stream of an enclosing call is output of both. */
  #complete(call: ObservedCall, pieces: readonly DataEvent[]): void {
    const [first] = pieces
    if (!first) return
    for (let at: ObservedCall | undefined = call; at; at = at.parent)
      for (const stream of at.streamsOf(first)) stream.add(pieces)
  }
}
