import { hostname } from "node:os"
import { join } from "node:path"
import { type Begin, type End, type Losses, NOTHING_LOST } from "../capture/record.ts"
import { ALL_MARK_LINES } from "../capture/redact/rules/marks.ts"
import { SCRIPTED } from "../capture/redact/scripted-text.ts"
import { Fault } from "../fault/fault.ts"
import { CallAssembler } from "./call-assembler.ts"
import { beginRecord, endRecord, progressRecord, type RecordContext } from "./call-record.ts"
import type { CaptureWriter } from "./capture-writer.ts"
import type { BeginEvent, ExitEvent } from "./event.ts"
import type { Bpf } from "./kernel/bpf.ts"
import { type LoadedProgram, loadProgram } from "./kernel/load.ts"
import { word } from "./kernel/map-bytes.ts"
import { levelsAbove } from "./kernel/pid-namespace.ts"
import { LossCounter } from "./loss-counter.ts"
import { MOST_TEXT_BYTES, type ObservedCall } from "./observed-call.ts"
import { writtenBegin, writtenEnd } from "./observed-record.ts"
import { linkOf } from "./open-files.ts"
import { PluginFiles, type PluginFilesOptions } from "./plugin-files.ts"
import { isTimeToBegin, isTimeToEnd, type RingTimes } from "./record-times.ts"

export type ObserverOptions = PluginFilesOptions & {
  /** plugin directories as this process reaches them; read again every minute */
  directories(): readonly string[]
  /** Called when the end record of a call is written. */
  onEnded?(call: EndedCall): void
  isRaw: boolean
  /** Called about once a second. */
  onTick(losses: Losses): void
  /** Called once the program is loaded, so that a refusal leaves no directory. */
  openWriter(): CaptureWriter
}

/** `records`: as a reader of the capture gets them. `keptBytes`: of the streams, which these hold. */
export type EndedCall = { keptBytes: number; records(): [Begin, End] }

const STREAM_BYTES = 65_536
/** The kernel wakes the observer only when the ring is filling up: what is in it is read this often. */
const READ_EVERY_MS = 50
/** The search of a stream that is shorter takes no longer than leaving it to another thread. */
const LONG_BYTES = 16_384
/** How often others have a turn where the ring is never empty. */
const YIELD_EVERY_MS = 100
/** How often the files of the directories are looked at, and how often the node's configuration. */
const REFRESH_EVERY_MS = 1_000
const DETECT_EVERY_MS = 60_000
/** Where the ring is never empty, the files are looked at so many times less often. */
const MOST_POSTPONED = 10
/** As the relay: a progress record is written after this time. */
const PROGRESS_AFTER_NS = 1e9
const GONE_AFTER_NS = 2e9

/** Follows the plugins of a node until the signal aborts. */
export class Observer {
  readonly #bpf: Bpf
  readonly #options: ObserverOptions
  readonly #loaded: LoadedProgram
  readonly #writer: CaptureWriter
  readonly #calls: CallAssembler
  readonly #progress = new Map<ObservedCall, { afterNs: number; bytes: number }>()
  readonly #context: RecordContext
  #directories: readonly string[]
  readonly #losses: LossCounter
  /** since when files that are not pipes are followed, if that was not from the start */
  #followedNs = 0
  readonly #times: RingTimes = { emptyNs: 0, knownNs: 0, nowNs: () => Number(this.#bpf.clocks().monoNs) }
  readonly files: PluginFiles

  /** Loads the program. Throws a Fault if the kernel or the rights of this process do not allow that. */
  constructor(bpf: Bpf, options: ObserverOptions) {
    this.#bpf = bpf
    this.#options = options
    bpf.openMarks(ALL_MARK_LINES)
    this.#loaded = loadProgram(bpf, {
      levelsAbove: levelsAbove(options.proc),
      streamBytes: STREAM_BYTES,
      textBytes: MOST_TEXT_BYTES,
    })
    this.#writer = options.openWriter()
    this.#losses = new LossCounter(bpf, this.#loaded, this.#writer, hostname())
    const isPlugin = ({ isNamed, isContained, path, pid }: BeginEvent) =>
      !isNamed || (isContained ? undefined : this.files.isPlugin(path, pid))
    this.#calls = new CallAssembler(bpf.newId, isPlugin, STREAM_BYTES, (call) => this.#followOthers(call))
    this.files = new PluginFiles(bpf, this.#loaded, options)
    this.#directories = options.directories()
    this.files.refresh(this.#directories)
    this.#context = {
      searcher: { ...SCRIPTED, holdsMark: bpf.findMark },
      holdsMark: bpf.findMark,
      validUtf8: bpf.validUtf8,
      splitTexts: bpf.splitTexts,
      isRaw: options.isRaw,
      wallMinusMonoNs: 0,
      node: hostname(),
      observerPid: Number(linkOf(join(options.proc, "self")) ?? process.pid),
      pageBytes: bpf.pageBytes(),
    }
  }

  async run(end: AbortSignal): Promise<void> {
    let [refreshedNs, yieldedNs, detectedNs] = [0, 0, this.#times.nowNs()]
    while (!end.aborted) {
      const events = this.#read()
      const nowNs = this.#times.nowNs()
      // The exits of processes that are gone may be in what is still to be read.
      if (nowNs - refreshedNs > REFRESH_EVERY_MS * 1e6 * (events === 0 ? 1 : MOST_POSTPONED)) {
        if (nowNs - detectedNs > DETECT_EVERY_MS * 1e6) {
          this.#directories = this.#detected()
          detectedNs = nowNs
        }
        this.files.refresh(this.#directories)
        if (events === 0) this.#forgetGone(nowNs)
        this.#options.onTick(this.#losses.report())
        refreshedNs = nowNs
      }
      // While there is more to read, signals are heard and calls are listed only now and then.
      if (events > 0 && nowNs - yieldedNs < YIELD_EVERY_MS * 1e6) continue
      yieldedNs = nowNs
      await this.#bpf.wait(this.#loaded.maps.get("ring") ?? -1, events > 0 ? 0 : READ_EVERY_MS)
    }
    while (this.#read() > 0);
    this.#forgetGone(Number.POSITIVE_INFINITY)
    // What was found to have ended at the last time.
    while (this.#read() > 0);
    // Of what processes that a plugin has left behind are still to write, nothing will be seen.
    for (const [key, call] of this.#calls.calls) if (call.exit) this.#writeEnd(key, call)
    this.#writer.flush()
    this.#options.onTick(this.#losses.report())
  }

  /**
   * Writes that no observer was running since then, and how many calls are in flight that have begun before. Undefined if
   * none was expected to run.
   */
  recordPause(sinceMs: number | undefined): number {
    const calls = this.files.countRunning()
    if (sinceMs !== undefined || calls > 0)
      this.#losses.write("stopped", sinceMs ?? Date.now(), { ...NOTHING_LOST, calls })
    return calls
  }

  losses(): Losses {
    return this.#losses.total()
  }

  /** The node's configuration may be missing for a moment, while an agent writes it. */
  #detected(): readonly string[] {
    try {
      return this.#options.directories()
    } catch (error) {
      if (error instanceof Fault) return this.#directories
      throw error
    }
  }

  /** Reads a part of the ring, and writes what is known then. Returns how many events it has read. */
  #read(): number {
    const { wallNs, monoNs } = this.#bpf.clocks()
    this.#context.wallMinusMonoNs = Number(wallNs - monoNs)
    const events = this.#bpf.readRing()
    if (events.length === 0) this.#times.emptyNs = Number(monoNs)
    this.#times.knownNs = events.at(-1)?.ns ?? this.#times.emptyNs
    if (events.length === 0 && this.#calls.calls.size === 0) return 0
    for (const event of events) {
      this.#calls.add(event)
      if (event.kind === "exit") this.#searchAhead(event)
    }
    this.#calls.keepPieces()
    if (this.#losses.hasMissed()) this.#calls.markMissed()
    this.#write()
    return events.length
  }

  /** The first call that has a file for a stream may have used it before it was followed. */
  #followOthers({ streams, begin }: ObservedCall): void {
    const others = streams.filter((stream, at) => stream.isOther && !(at === 0 && stream.hasEnded))
    if (others.length > 0 && this.#loaded.followSystemCalls()) this.#followedNs = this.#times.nowNs()
    if (begin.ns < this.#followedNs) for (const stream of others) stream.hasGap = true
  }

  #write(): void {
    const nowNs = this.#times.knownNs
    for (const [key, call] of this.#calls.calls) {
      if (!call.hasBegun && isTimeToBegin(call, this.#times)) this.#writeBegin(call)
      if (call.exit && isTimeToEnd(call, call.exit.ns, this.#times, this.#options.proc)) this.#writeEnd(key, call)
      else if (call.hasBegun && nowNs - call.startNs > PROGRESS_AFTER_NS) this.#writeProgress(call, nowNs)
    }
    this.#writer.flush()
  }

  /** What several plugins have written is searched for secrets while the lines of others are made. */
  #searchAhead(exit: ExitEvent): void {
    const call = this.#calls.calls.get(exit.call)
    if (this.#options.isRaw || !call || call.isForeign || call.begin.pid !== exit.pid) return
    for (const { keptBytes, kept } of call.streams) if (keptBytes >= LONG_BYTES) this.#bpf.searchAhead(kept)
  }

  /** Without its environment, the purpose of a call is unknown. */
  #writeBegin(call: ObservedCall): void {
    call.hasBegun = true
    if (!call.hasTexts && !call.isForeign) {
      call.isForeign = true
      this.#losses.calls++
    }
    call.hasStdin = call.streams[0].hasEnded
    if (call.isForeign) return
    const original = call.isOfContainer ? undefined : this.files.originalOf(call.begin.plugin)
    call.beginRecord = beginRecord(call, this.#context, original)
    this.#writer.write(call.beginRecord)
  }

  #writeEnd(key: number, call: ObservedCall): void {
    this.#calls.calls.delete(key)
    this.#progress.delete(call)
    this.#countLosses(key, call)
    const { exit, beginRecord: begin, streams } = call
    if (!exit || !begin) return
    const end = endRecord(call, exit, this.#context)
    this.#writer.write(end)
    this.#options.onEnded?.({
      keptBytes: streams.reduce((sum, stream) => sum + stream.keptBytes, 0),
      records: () => [writtenBegin(begin), writtenEnd(end)],
    })
  }

  /** Calls whose exit did not fit into the ring. An exit that did is in it before the process is gone. */
  #forgetGone(nowNs: number): void {
    const gone = [...this.#calls.calls].filter(
      ([, { exit, begin }]) =>
        !exit && nowNs - begin.ns >= GONE_AFTER_NS && linkOf(`${this.#options.proc}/${begin.pid}/ns/pid`) === undefined,
    )
    while (gone.length > 0 && this.#read() > 0);
    for (const [key, call] of gone) {
      if (call.exit) continue
      if (!call.isForeign) this.#losses.ends++
      this.#writeEnd(key, call)
    }
  }

  /** The kernel has counted the bytes of each stream, also those that did not fit into the ring. */
  #countLosses(key: number, call: ObservedCall): void {
    const map = this.#loaded.maps.get("calls") ?? -1
    const value = new Uint8Array(CALL_BYTES)
    if (this.#bpf.lookup(map, word(key), value) < 0) return
    const view = new DataView(value.buffer)
    for (const [at, stream] of call.streams.entries())
      stream.expect(Number(view.getBigUint64(CALL_COUNTS_AT + 8 * at, true)))
    this.#bpf.delete(map, word(key))
  }

  #writeProgress(call: ObservedCall, nowNs: number): void {
    const bytes = call.streams[1].totalBytes + call.streams[2].totalBytes
    const last = this.#progress.get(call) ?? { afterNs: PROGRESS_AFTER_NS, bytes: 0 }
    if (call.isForeign || bytes === last.bytes || nowNs - call.startNs < last.afterNs) return
    this.#progress.set(call, { afterNs: 2 * (nowNs - call.startNs), bytes })
    this.#writer.write(progressRecord(call, this.#context, nowNs))
  }
}

/** `struct call` of observe.bpf.c, and where in it the bytes of each stream are counted. */
const [CALL_BYTES, CALL_COUNTS_AT] = [104, 80]
