import { Buffer } from "node:buffer"
import type { Begin } from "../capture/record.ts"
import type { BeginEvent, DataEvent, ExitEvent } from "./event.ts"
import type { Observed } from "./observed-record.ts"
import { ObservedStream } from "./observed-stream.ts"

/** Of arguments and environment, as much is copied. */
export const MOST_TEXT_BYTES: number = 9 * 16_384

/** A call while its events arrive. */
export class ObservedCall {
  readonly id: string
  readonly begin: BeginEvent
  readonly parent: ObservedCall | undefined
  readonly streams: readonly [ObservedStream, ObservedStream, ObservedStream]
  /** processes of the call that have not exited */
  readonly processes: number[]
  /** arguments and environment as they were in memory */
  readonly texts: Uint8Array
  textBytes = 0
  #exit: ExitEvent | undefined
  /** when no process was found that has one of its outputs open */
  releasedNs: number | undefined
  /** what was written, once it was; and whether it has the stdin */
  beginRecord: Observed<Begin> | undefined
  hasBegun = false
  hasStdin = false
  /** without a record, because it is not a plugin after all or its begin was lost: it only counts for enclosing calls */
  isForeign: boolean
  /** Whether the file is a plugin's is not known. Its name is. */
  readonly isOnlyNamed: boolean

  constructor(
    id: string,
    begin: BeginEvent,
    isPlugin: boolean | undefined,
    parent: ObservedCall | undefined,
    limitBytes: number,
  ) {
    this.id = id
    this.begin = begin
    this.isForeign = isPlugin === false
    this.isOnlyNamed = isPlugin === undefined
    this.parent = parent
    const files = begin.streams
    this.streams = [
      new ObservedStream(files[0], limitBytes),
      new ObservedStream(files[1], limitBytes),
      new ObservedStream(files[2], limitBytes),
    ]
    if (begin.isNarrow) for (const stream of this.streams) stream.hasGap = true
    this.processes = [begin.pid]
    this.texts = new Uint8Array(Math.min(begin.argBytes + begin.envBytes, MOST_TEXT_BYTES))
  }

  /** of the plugin itself */
  get exit(): ExitEvent | undefined {
    return this.#exit
  }

  /** Of the plugin or a descendant; a plugin may execute another one in its own process. */
  exited(event: ExitEvent): void {
    const at = this.processes.indexOf(event.pid)
    if (at >= 0) this.processes.splice(at, 1)
    if (event.pid === this.begin.pid) this.#end(event)
  }

  #end(exit: ExitEvent): void {
    if (this.#exit) return
    this.#exit = exit
    const { stdin, pipeHead, pipeTail, pipeWriters } = exit
    const [given] = this.begin.streams
    const isGiven = stdin.ino === given.ino && stdin.dev === given.dev
    // Nothing is left to read, and nobody can write. A read need not have returned 0: Node.js learns of the end from epoll.
    if (isGiven && stdin.isPipe && pipeHead === pipeTail && pipeWriters === 0) this.streams[0].hasEnded = true
  }

  /** A file of a container that has the name of a plugin and does not belong to the node. */
  get isOfContainer(): boolean {
    return this.begin.isNamed && this.begin.isContained
  }

  /** whether arguments and environment are complete */
  get hasTexts(): boolean {
    return this.textBytes === this.texts.length
  }

  /** Any program of a container may have the name of a plugin, and a relay executes the original under its own name. */
  get isOwnCall(): boolean {
    const environment = `\0${text(this.texts.subarray(this.begin.argBytes))}`
    return environment.includes("\0CNI_COMMAND=") && this.name !== this.parent?.name
  }

  get name(): string {
    const { path } = this.begin
    return path.slice(path.lastIndexOf("/") + 1)
  }

  get depth(): number {
    return this.enclosing === undefined ? 0 : this.enclosing.depth + 1
  }

  /** The call whose plugin has started this one. */
  get enclosing(): ObservedCall | undefined {
    return this.parent?.isForeign ? this.parent.enclosing : this.parent
  }

  /**
   * When the caller began to start the plugin. A process that did something else for a while before it executed the plugin
   * counts from then.
   */
  get startNs(): number {
    const { startNs, ns } = this.begin
    return ns - startNs < LONGEST_SPAWN_NS ? startNs : ns
  }

  /**
   * Adds one transfer to the stream that its file is: reads count for stdin, writes for the others, and stdout if both are the
   * same file. What moved through an io_uring may belong to any of them.
   */
  add(pieces: readonly [DataEvent, ...DataEvent[]]): void {
    const { kind, ino, dev, totalBytes } = pieces[0]
    const isUnknown = kind === "unseen" && ino === 0 && totalBytes === 0
    for (let at = kind === "write" ? 1 : 0; at < (kind === "read" ? 1 : 3); at++) {
      const file = this.begin.streams[at]
      const isSame = file?.ino === ino && file.dev === dev
      if (isSame || isUnknown) this.streams[at]?.add(pieces)
      if (isSame && !isUnknown) return
    }
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8")
}

const LONGEST_SPAWN_NS = 100e6
