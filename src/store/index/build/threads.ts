import { availableParallelism } from "node:os"
import { join } from "node:path"
import type { Worker } from "node:worker_threads"
import { Fault } from "../../../fault/fault.ts"
import { type Done, type Job, type WorkerMessage, work } from "./work.ts"

const MOST_THREADS = 4
/** Bounds memory: without a limit, V8 would let the garbage of each block pile up in every thread. */
const LIMITS = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 24 }
/** The bundle has the worker in a file of its own. */
const WORKER = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "worker.ts" : "index-worker.js")

type Waiting = { job: Job; resolve(done: Done): void; reject(error: unknown): void }

/** Worker threads, at most one per processor; if threads cannot be started, jobs run in the calling thread. */
export class Threads {
  readonly #idle: Worker[] = []
  readonly #waiting: Waiting[] = []
  readonly #busy = new Map<Worker, Waiting>()
  #isBroken = false

  readonly count: number

  private constructor(workers: readonly Worker[]) {
    this.count = workers.length
    for (const worker of workers) this.#add(worker)
  }

  /**
   * One job runs in the calling thread, which then need not load what threads need. So do all on a single processor, and
   * in the node executable, which has no threads.
   */
  static async start(jobs: number): Promise<Threads> {
    if (jobs < 2 || availableParallelism() < 2) return new Threads([])
    const { Worker } = await import("node:worker_threads")
    const start = () => new Worker(WORKER, { resourceLimits: LIMITS })
    return new Threads(Array.from({ length: Math.min(MOST_THREADS, availableParallelism(), jobs) }, start))
  }

  work(job: Job): Promise<Done> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject })
      this.#next()
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#idle, ...this.#busy.keys()].map((worker) => worker.terminate()))
  }

  #add(worker: Worker): void {
    worker.unref()
    worker.on("message", (answer: WorkerMessage) => {
      const waiting = this.#busy.get(worker)
      this.#busy.delete(worker)
      this.#idle.push(worker)
      if ("fault" in answer) waiting?.reject(new Fault(answer.fault.code, answer.fault.message, answer.fault.hint))
      else waiting?.resolve(answer)
      this.#next()
    })
    worker.on("error", () => {
      // No memory or no file descriptor for a thread: its job runs here instead.
      this.#isBroken = true
      const waiting = this.#busy.get(worker)
      this.#busy.delete(worker)
      if (waiting) this.#waiting.unshift(waiting)
      this.#next()
    })
    this.#idle.push(worker)
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      if (this.count === 0 || this.#isBroken) {
        this.#workHere()
        return
      }
      const worker = this.#idle.pop()
      const waiting = worker && this.#waiting.shift()
      if (!worker || !waiting) return
      this.#busy.set(worker, waiting)
      worker.ref()
      worker.postMessage(waiting.job)
    }
  }

  #workHere(): void {
    const waiting = this.#waiting.shift()
    if (!waiting) return
    const { job, resolve, reject } = waiting
    try {
      resolve(work(job))
    } catch (error) {
      reject(error)
    }
    // Lets the caller consume this result and draw the progress before the next job.
    if (this.#waiting.length > 0) setImmediate(() => this.#next())
  }
}
