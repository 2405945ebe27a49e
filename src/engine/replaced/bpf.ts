/** src/observe/kernel/bpf.ts by system calls. */
import * as native from "native"
import { onReadable } from "../loop.ts"
import { clearTimeout, setTimeout } from "../timers.ts"

export function openBpf() {
  return {
    program: () => new Uint8Array(native.observeProgram()),
    map: native.bpfMap,
    lookup: native.bpfLookup,
    update: native.bpfUpdate,
    delete: native.bpfDelete,
    freeze: native.bpfFreeze,
    load: native.bpfLoad,
    attach: native.bpfAttach,
    run: native.bpfRun,
    misses: native.bpfMisses,
    openRing: native.openRing,
    readRing: native.readRing,
    wait: (map: number, timeoutMs: number) =>
      new Promise<void>((resolve) => {
        const done = () => {
          stop()
          clearTimeout(timer)
          resolve()
        }
        const stop = onReadable(map, done)
        const timer = setTimeout(done, timeoutMs)
      }),
    addLine: native.addLine,
    takeLines: () => new Uint8Array(native.takeLines()),
    validUtf8: native.validUtf8,
    splitTexts: native.splitTexts,
    newId: native.newId,
    pageBytes: native.pageBytes,
    openMarks: native.openMarks,
    findMark: native.findMark,
    searchAhead: native.searchAhead,
    clocks: () => ({ wallNs: native.realtimeNs(), monoNs: native.monotonicNs() }),
  }
}
