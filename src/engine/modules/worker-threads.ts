/** node:worker_threads: the executable has no threads; the main thread does their work. */
export const parentPort = null

export class Worker {
  constructor() {
    throw new Error("no threads")
  }
}
