import { FORMAT, type Losses, type LossReason, NOTHING_LOST } from "../capture/record.ts"
import type { CaptureWriter } from "./capture-writer.ts"
import { RECORD_KINDS } from "./event.ts"
import type { Bpf } from "./kernel/bpf.ts"
import type { LoadedProgram } from "./kernel/load.ts"
import { ONLY_KEY } from "./kernel/map-bytes.ts"

/** Counts what was lost since the observer started, and writes that as loss records. */
export class LossCounter {
  /** without their arguments, so that they could not be recorded */
  calls = 0
  ends = 0
  readonly #bpf: Bpf
  readonly #loaded: LoadedProgram
  readonly #writer: CaptureWriter
  readonly #node: string
  /** how often the kernel has not run a program, when it was read last */
  #misses = 0
  /** what the last loss record has, of all that was lost since the start */
  #reported: { losses: Losses; wallMs: number } = { losses: NOTHING_LOST, wallMs: Date.now() }

  constructor(bpf: Bpf, loaded: LoadedProgram, writer: CaptureWriter, node: string) {
    this.#bpf = bpf
    this.#loaded = loaded
    this.#writer = writer
    this.#node = node
  }

  total(): Losses {
    const values = new Uint8Array(this.#loaded.bssBytes)
    this.#bpf.lookup(this.#loaded.maps.get(".bss") ?? -1, ONLY_KEY, values)
    const at = this.#loaded.variables.get("lost") ?? 0
    const view = new DataView(values.buffer)
    const count = (kind: (typeof RECORD_KINDS)[number]) =>
      Number(view.getBigUint64(at + 8 * RECORD_KINDS.indexOf(kind), true))
    return {
      calls: count("begin") + this.calls,
      ends: this.ends,
      pieces: count("fork") + count("read") + count("write") + count("unseen"),
      misses: this.#countMisses(),
      records: this.#writer.lostRecords,
    }
  }

  /**
   * If a process is preempted in a program of ours, the kernel does not run that program for another process on the same
   * processor meanwhile. Returns whether it has happened since this was last asked; whose bytes were not seen is unknown.
   */
  hasMissed(): boolean {
    const before = this.#misses
    this.#misses = this.#countMisses()
    return this.#misses > before
  }

  #countMisses(): number {
    return this.#loaded.programs.reduce((sum, program) => sum + this.#bpf.misses(program), 0)
  }

  /** Writes what was lost since the last time, if there is something. Returns all since the start. */
  report(): Losses {
    const losses = this.total()
    const { losses: before, wallMs } = this.#reported
    const added = {
      calls: losses.calls - before.calls,
      ends: losses.ends - before.ends,
      pieces: losses.pieces - before.pieces,
      misses: losses.misses - before.misses,
      records: losses.records - before.records,
    }
    this.#reported = { losses, wallMs: Date.now() }
    const { misses, ...full } = added
    if (Object.values(full).some((count) => count > 0)) this.write("full", wallMs, { ...full, misses: 0 })
    if (misses > 0) this.write("preempted", wallMs, { ...NOTHING_LOST, misses })
    return losses
  }

  write(reason: LossReason, sinceMs: number, losses: Losses): void {
    const { wallNs, monoNs } = this.#bpf.clocks()
    const [wallMs, monoMs] = [Number(wallNs / 1000n) / 1000, Number(monoNs / 1000n) / 1000]
    const node = this.#node
    this.#writer.write({ format: FORMAT, kind: "loss", wallMs, monoMs, node, sinceMs, reason, ...losses })
    this.#writer.flush()
  }
}
