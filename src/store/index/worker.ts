import { parentPort } from "node:worker_threads"
import { Fault, type FaultCode } from "../../fault/fault.ts"
import type { Place } from "./block.ts"
import { type Built, buildBlock } from "./build.ts"

export type Job = { path: string; name: string; place: Place }
/** A Fault does not survive the way between threads: its parts do. */
export type Answer = { built: Built } | { fault: { code: FaultCode; message: string; hint: string } }

/** A thread that builds the blocks it is told to. */
parentPort?.on("message", ({ path, name, place }: Job) => {
  try {
    const built = buildBlock(path, name, place)
    parentPort?.postMessage({ built } satisfies Answer, [built.bytes])
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { code, message, hint } = error
    parentPort?.postMessage({ fault: { code, message, hint } } satisfies Answer)
  }
})
