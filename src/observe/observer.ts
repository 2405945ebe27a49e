import { randomBytes } from "node:crypto"
import { readlinkSync } from "node:fs"
import { constants, hostname, setPriority } from "node:os"
import { join } from "node:path"
import { type Begin, type End, FORMAT, type Losses, type LossRecord, NOTHING_LOST } from "../capture/record.ts"
import { ALL_MARK_LINES } from "../capture/redact/rules/marks.ts"
import { SCRIPTED } from "../capture/redact/scripted-text.ts"
import { Fault } from "../fault/fault.ts"
import type { Bpf } from "./bpf.ts"
import { CallAssembler } from "./call-assembler.ts"
import { beginRecord, endRecord, progressRecord, type RecordContext } from "./call-record.ts"
import type { CaptureWriter } from "./capture-writer.ts"
import { type BeginEvent, readEvents } from "./event.ts"
import { type LoadedProgram, loadProgram } from "./load.ts"
import { ONLY_KEY, word } from "./map-bytes.ts"
import type { ObservedCall } from "./observed-call.ts"
import { levelsAbove } from "./pid-namespace.ts"
import { PluginFiles, type PluginFilesOptions } from "./plugin-files.ts"

export type ObserverOptions = PluginFilesOptions & {
  /** plugin directories as this process reaches them; read again every minute */
  directories(): readonly string[]
  /** Called when the end record of a call is written. */
  onEnded(begin: Begin, end: End): void
  isRaw: boolean
  /** Called about once a second. */
  onTick(losses: Losses): void
  /** Called once the program is loaded, so that a refusal leaves no directory. */
  openWriter(): CaptureWriter
}

const STREAM_BYTES = 65_536
/** The kernel wakes the observer only when the ring is filling up: what is in it is read this often. */
const READ_EVERY_MS = 50
/** How often the files of the directories are looked at, and how often the node's configuration. */
const REFRESH_EVERY_MS = 1_000
const DETECT_EVERY_MS = 60_000
/** Where the ring is never empty, the files are looked at so many times less often. */
const MOST_POSTPONED = 10
/** As the relay: a begin record does not wait longer for stdin, and a progress record is written after this time. */
const STDIN_WAIT_NS = 10e6
const PROGRESS_AFTER_NS = 1e9
const TEXTS_WAIT_NS = 1e9
/** If more is read before the ring is empty, plugins write about as fast as it is read. */
const BUSY_BYTES = 1 << 19
/** Descendants of a plugin that has exited may still write to its streams. */
const LINGER_NS = 10e9
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
  #lostCalls = 0
  #lostEnds = 0
  /** how often the kernel has not run a program, when it was read last */
  #misses = 0
  #isBusy = false
  /** since when files that are not pipes are followed, if that was not from the start */
  #followedNs = 0
  /** read since the ring was empty */
  #burstBytes = 0
  /** what the last loss record has, of all that was lost since the start */
  #reported: { losses: Losses; wallMs: number } = { losses: NOTHING_LOST, wallMs: Date.now() }
  readonly files: PluginFiles

  /** Loads the program. Throws a Fault if the kernel or the rights of this process do not allow that. */
  constructor(bpf: Bpf, options: ObserverOptions) {
    this.#bpf = bpf
    this.#options = options
    bpf.openMarks(ALL_MARK_LINES)
    this.#loaded = loadProgram(bpf, levelsAbove(options.proc))
    this.#writer = options.openWriter()
    const isForeign = ({ isNamed, isContained, path, pid }: BeginEvent) =>
      isNamed && !isContained && !this.files.isPlugin(Buffer.from(path).toString("utf8"), pid)
    const newId = () => randomBytes(8).toString("hex")
    this.#calls = new CallAssembler(newId, isForeign, STREAM_BYTES, (call) => this.#followOthers(call))
    this.files = new PluginFiles(bpf, this.#loaded, options)
    this.#directories = options.directories()
    this.files.refresh(this.#directories)
    this.#context = {
      searcher: { ...SCRIPTED, holdsMark: bpf.findMark },
      isRaw: options.isRaw,
      wallMinusMonoNs: 0,
      node: hostname(),
      observerPid: Number(linkOf(join(options.proc, "self")) ?? process.pid),
      pageBytes: bpf.pageBytes(),
    }
  }

  async run(end: AbortSignal): Promise<void> {
    let [refreshedNs, detectedNs] = [0, Number(this.#bpf.clocks().monoNs)]
    while (!end.aborted) {
      const bytes = this.#read()
      const { monoNs } = this.#bpf.clocks()
      // The exits of processes that are gone may be in what is still to be read.
      if (Number(monoNs) - refreshedNs > REFRESH_EVERY_MS * 1e6 * (bytes === 0 ? 1 : MOST_POSTPONED)) {
        if (Number(monoNs) - detectedNs > DETECT_EVERY_MS * 1e6) {
          this.#directories = this.#detected()
          detectedNs = Number(monoNs)
        }
        this.files.refresh(this.#directories)
        if (bytes === 0) this.#forgetGone(Number(monoNs))
        this.#reportLosses()
        refreshedNs = Number(monoNs)
      }
      // Also while there is more to read, signals are heard and calls are listed.
      await this.#bpf.wait(this.#loaded.maps.get("ring") ?? -1, bytes > 0 ? 0 : READ_EVERY_MS)
    }
    while (this.#read() > 0);
    this.#forgetGone(Number.POSITIVE_INFINITY)
    this.#reportLosses()
  }

  /**
   * Writes that no observer was running since then, and how many calls are in flight that have begun before. Undefined if
   * none was expected to run.
   */
  recordPause(sinceMs: number | undefined): number {
    const calls = this.files.countRunning()
    if (sinceMs !== undefined || calls > 0)
      this.#writeLosses("stopped", sinceMs ?? Date.now(), { ...NOTHING_LOST, calls })
    return calls
  }

  losses(): Losses {
    const values = new Uint8Array(this.#loaded.bssBytes)
    this.#bpf.lookup(this.#loaded.maps.get(".bss") ?? -1, ONLY_KEY, values)
    const at = this.#loaded.variables.get("lost") ?? 0
    const view = new DataView(values.buffer)
    const count = (index: number) => Number(view.getBigUint64(at + 8 * index, true))
    return {
      calls: count(LOST.begin) + this.#lostCalls,
      ends: this.#lostEnds,
      pieces: count(LOST.fork) + count(LOST.data) + this.#countMisses(),
      records: this.#writer.lostRecords,
    }
  }

  #reportLosses(): void {
    const losses = this.losses()
    this.#options.onTick(losses)
    const { losses: before, wallMs } = this.#reported
    const added = {
      calls: losses.calls - before.calls,
      ends: losses.ends - before.ends,
      pieces: losses.pieces - before.pieces,
      records: losses.records - before.records,
    }
    this.#reported = { losses, wallMs: Date.now() }
    if (Object.values(added).some((count) => count > 0)) this.#writeLosses("full", wallMs, added)
  }

  #writeLosses(reason: LossRecord["reason"], sinceMs: number, losses: Losses): void {
    const { wallNs, monoNs } = this.#bpf.clocks()
    const [wallMs, monoMs] = [Number(wallNs / 1000n) / 1000, Number(monoNs / 1000n) / 1000]
    const { node } = this.#context
    this.#writer.write({ format: FORMAT, kind: "loss", wallMs, monoMs, node, sinceMs, reason, ...losses })
    this.#writer.flush()
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

  #readClocks(): void {
    const { wallNs, monoNs } = this.#bpf.clocks()
    this.#context.wallMinusMonoNs = Number(wallNs - monoNs)
  }

  /** Reads a part of the ring, and writes what is known then. Returns how many bytes it has read. */
  #read(): number {
    this.#readClocks()
    const buffer = this.#bpf.readRing()
    this.#burstBytes = buffer.byteLength === 0 ? 0 : this.#burstBytes + buffer.byteLength
    // Before the work, which is what would take too long.
    this.#adjustPriority()
    for (const event of readEvents(buffer)) this.#calls.add(event)
    this.#markMissed()
    this.#write()
    return buffer.byteLength
  }

  /**
   * If a process is preempted in a program of ours, the kernel does not run that program for another process on the same
   * processor meanwhile. Whose bytes were not seen then is unknown.
   */
  #markMissed(): void {
    const misses = this.#countMisses()
    if (misses > this.#misses) this.#calls.markMissed()
    this.#misses = misses
  }

  #countMisses(): number {
    return this.#loaded.programs.reduce((sum, program) => sum + this.#bpf.misses(program), 0)
  }

  /** The first call that has a file for a stream may have used it before it was followed. */
  #followOthers({ streams, begin }: ObservedCall): void {
    const others = streams.filter((stream, at) => stream.isOther && !(at === 0 && stream.hasEnded))
    if (others.length > 0 && this.#loaded.followSystemCalls()) this.#followedNs = Number(this.#bpf.clocks().monoNs)
    if (begin.ns < this.#followedNs) for (const stream of others) stream.hasGap = true
  }

  /**
   * It takes processor time from plugins only where the ring buffer would overflow otherwise: then it must not wait for its
   * turn among a hundred of them. Without CAP_SYS_NICE it observes all the same and loses more.
   */
  #adjustPriority(): void {
    const isBusy = this.#burstBytes > BUSY_BYTES || (this.#isBusy && this.#burstBytes > 0)
    if (isBusy === this.#isBusy) return
    this.#isBusy = isBusy
    try {
      setPriority(isBusy ? constants.priority.PRIORITY_HIGHEST : constants.priority.PRIORITY_NORMAL)
    } catch {}
  }

  #write(): void {
    const nowNs = Number(this.#bpf.clocks().monoNs)
    for (const [key, call] of this.#calls.calls) {
      if (!call.hasBegun && this.#isTimeToBegin(call, nowNs)) this.#writeBegin(call)
      if (call.exit && (call.processes.size === 0 || !this.#isHeld(call) || nowNs - call.exit.ns > LINGER_NS))
        this.#writeEnd(key, call)
      else if (call.hasBegun && nowNs - call.startNs > PROGRESS_AFTER_NS) this.#writeProgress(call, nowNs)
    }
    this.#writer.flush()
  }

  /** Its arguments may be in the next part of the ring: they are lost only if something came after them. */
  #isTimeToBegin({ begin, exit, streams: [stdin], hasTexts, isForeign }: ObservedCall, nowNs: number): boolean {
    if (exit) return true
    const waitedNs = nowNs - begin.ns
    return !hasTexts && !isForeign ? waitedNs > TEXTS_WAIT_NS : stdin.hasEnded || waitedNs > STDIN_WAIT_NS
  }

  /** Without its environment, the purpose of a call is unknown. */
  #writeBegin(call: ObservedCall): void {
    call.hasBegun = true
    if (!call.hasTexts && !call.isForeign) {
      call.isForeign = true
      this.#lostCalls++
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
    if (!call.exit || !call.beginRecord) return
    const end = endRecord(call, call.exit, this.#context)
    this.#writer.write(end)
    this.#options.onEnded(call.beginRecord, end)
  }

  /** Calls whose exit did not fit into the ring. */
  #forgetGone(nowNs: number): void {
    for (const [key, call] of this.#calls.calls) {
      if (
        call.exit ||
        nowNs - call.begin.ns < GONE_AFTER_NS ||
        linkOf(`${this.#options.proc}/${call.begin.pid}/ns/pid`) !== undefined
      )
        continue
      if (!call.isForeign) this.#lostEnds++
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

  /** Whether a process that the plugin has left behind still has one of its outputs open, as the runtime waits for. */
  #isHeld({ processes, begin }: ObservedCall): boolean {
    const inodes = [begin.streams[1].ino, begin.streams[2].ino]
    return [...processes].some((pid) =>
      DESCRIPTORS.some((fd) =>
        inodes.some((ino) => linkOf(`${this.#options.proc}/${pid}/fd/${fd}`)?.endsWith(`:[${ino}]`)),
      ),
    )
  }
}

/** A daemon that has closed or replaced these is not waited for. */
const DESCRIPTORS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
/** `struct call` of observe.bpf.c, and where in it the bytes of each stream are counted. */
const [CALL_BYTES, CALL_COUNTS_AT] = [104, 80]
const LOST = { begin: 0, fork: 2, data: 3 } as const

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}
