import { parentPort } from "node:worker_threads"
import { Fault } from "../../../fault/fault.ts"
import { type Job, type WorkerMessage, work } from "./work.ts"

/** The entry point of a worker thread. */
parentPort?.on("message", (job: Job) => {
  try {
    const done = work(job)
    parentPort?.postMessage(done satisfies WorkerMessage, "built" in done ? [done.built.bytes] : [])
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { code, message, hint } = error
    parentPort?.postMessage({ fault: { code, message, hint } } satisfies WorkerMessage)
  }
})
