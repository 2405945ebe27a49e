/** Work longer than this keeps the event loop from answering requests. */
const SLICE_MS = 15

/** Divides long work into slices: between them the event loop handles I/O. */
export class TimeSlice {
  #endMs = performance.now() + SLICE_MS

  /** To be called between steps of the work. */
  async pauseIfOver(): Promise<void> {
    if (performance.now() < this.#endMs) return
    await new Promise(setImmediate)
    this.#endMs = performance.now() + SLICE_MS
  }
}
