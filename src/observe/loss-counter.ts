import { FORMAT, type Losses, type LossRecord, NOTHING_LOST } from "../capture/record.ts"
import type { Bpf } from "./bpf.ts"
import type { CaptureWriter } from "./capture-writer.ts"
import type { LoadedProgram } from "./load.ts"
import { ONLY_KEY } from "./map-bytes.ts"

/** Of `lost` in observe.bpf.c. */
const LOST = { begin: 0, fork: 2, data: 3 } as const

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
    const count = (index: number) => Number(view.getBigUint64(at + 8 * index, true))
    return {
      calls: count(LOST.begin) + this.calls,
      ends: this.ends,
      pieces: count(LOST.fork) + count(LOST.data) + this.#countMisses(),
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
      records: losses.records - before.records,
    }
    this.#reported = { losses, wallMs: Date.now() }
    if (Object.values(added).some((count) => count > 0)) this.write("full", wallMs, added)
    return losses
  }

  write(reason: LossRecord["reason"], sinceMs: number, losses: Losses): void {
    const { wallNs, monoNs } = this.#bpf.clocks()
    const [wallMs, monoMs] = [Number(wallNs / 1000n) / 1000, Number(monoNs / 1000n) / 1000]
    const node = this.#node
    this.#writer.write({ format: FORMAT, kind: "loss", wallMs, monoMs, node, sinceMs, reason, ...losses })
    this.#writer.flush()
  }
}
