/** node:worker_threads: there are none, so that what threads do is done in the main one. */
export const parentPort = null

export class Worker {
  constructor() {
    throw new Error("no threads")
  }
}
