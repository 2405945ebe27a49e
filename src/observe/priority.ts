import { constants, setPriority } from "node:os"

/** If more is read before the ring is empty, plugins write about as fast as it is read. */
const BUSY_BYTES = 1 << 19

/**
 * The observer takes processor time from plugins only where the ring buffer would overflow otherwise: then it must not wait
 * for its turn among a hundred of them. Without CAP_SYS_NICE it observes all the same and loses more.
 */
export class Priority {
  #isBusy = false
  /** read since the ring was empty */
  #burstBytes = 0

  /** `readBytes`: by one read of the ring; 0 if it was empty. */
  adjust(readBytes: number): void {
    this.#burstBytes = readBytes === 0 ? 0 : this.#burstBytes + readBytes
    const isBusy = this.#burstBytes > BUSY_BYTES || (this.#isBusy && this.#burstBytes > 0)
    if (isBusy === this.#isBusy) return
    this.#isBusy = isBusy
    try {
      setPriority(isBusy ? constants.priority.PRIORITY_HIGHEST : constants.priority.PRIORITY_NORMAL)
    } catch {}
  }
}
