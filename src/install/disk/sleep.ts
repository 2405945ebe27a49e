/** Waits without doing anything else: an install must not be interleaved with other work of this process. */
export function sleep(durationMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs)
}
