import type { KernelTypes } from "./kernel-types.ts"

/** Where a system call's number and arguments are when it ends, and the numbers of those that move bytes. */
export type Machine = { registers: Readonly<Record<string, number>>; calls: Readonly<Record<string, number>> }

const CALLS = {
  x86: {
    read: 0,
    write: 1,
    readv: 19,
    writev: 20,
    sendfile: 40,
    sendto: 44,
    recvfrom: 45,
    sendmsg: 46,
    recvmsg: 47,
    splice: 275,
    tee: 276,
    vmsplice: 278,
    preadv2: 327,
    pwritev2: 328,
    io_uring_enter: 426,
  },
  arm64: {
    read: 63,
    write: 64,
    readv: 65,
    writev: 66,
    sendfile: 71,
    vmsplice: 75,
    splice: 76,
    tee: 77,
    sendto: 206,
    recvfrom: 207,
    sendmsg: 211,
    recvmsg: 212,
    preadv2: 286,
    pwritev2: 287,
    io_uring_enter: 426,
  },
} as const

/** The machine that these types describe; undefined if it is neither x86-64 nor arm64. */
export function machineOf(types: KernelTypes): Machine | undefined {
  const at = (field: string) => types.offsetOf(["pt_regs", field])
  const number = at("orig_ax")
  if (number !== undefined)
    return { registers: registers(number, at("di"), at("si"), at("dx"), at("r10")), calls: CALLS.x86 }
  const first = at("regs")
  // The result has overwritten the first argument, of which arm64 keeps a copy.
  if (first === undefined || at("syscallno") === undefined) return undefined
  return {
    registers: registers(at("syscallno"), at("orig_x0"), first + 8, first + 16, first + 24),
    calls: CALLS.arm64,
  }
}

function registers(number?: number, ...args: (number | undefined)[]): Record<string, number> {
  return Object.fromEntries([["number", number ?? 0], ...args.map((at, index) => [String(index), at ?? 0])])
}
