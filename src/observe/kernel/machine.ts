import { RECORD_KINDS } from "../event.ts"
import type { KernelTypes } from "./kernel-types.ts"

/**
 * What the programs must know of a machine's system calls. `arguments`: where the first four are in the registers; `mode`
 * is a register that has or has not the bit NARROW of observe.bpf.c, `narrow`, in a 32-bit process.
 */
export type Machine = {
  number: number
  arguments: readonly number[]
  mode: number
  narrow: number
  /** what the kernel's functions of system calls begin with */
  prefix: string
  calls: Readonly<Record<string, number>>
}

/**
 * What a system call does. Files and flags are arguments, counted from 1. A `read` or `write` has its file in the first and its
 * buffers in the second. `unseen`: the kernel moves bytes without a buffer of the process, between unknown files if none is
 * named.
 */
type Effect = {
  kind: "read" | "write" | "unseen"
  /** instead of one buffer: a list of them, or a message that has a list */
  buffers?: "list" | "message"
  flags?: number
  from?: number
  to?: number
  /** it returns how many messages it has moved */
  isCountOfMessages?: true
}

const EFFECTS: Readonly<Record<string, Effect>> = {
  read: { kind: "read" },
  write: { kind: "write" },
  readv: { kind: "read", buffers: "list" },
  writev: { kind: "write", buffers: "list" },
  pread64: { kind: "read" },
  pwrite64: { kind: "write" },
  preadv: { kind: "read", buffers: "list" },
  pwritev: { kind: "write", buffers: "list" },
  preadv2: { kind: "read", buffers: "list" },
  pwritev2: { kind: "write", buffers: "list" },
  recvfrom: { kind: "read", flags: 4 },
  sendto: { kind: "write" },
  recvmsg: { kind: "read", buffers: "message", flags: 3 },
  sendmsg: { kind: "write", buffers: "message" },
  splice: { kind: "unseen", from: 1, to: 3 },
  // It reads nothing.
  tee: { kind: "unseen", to: 2 },
  vmsplice: { kind: "unseen", from: 1, to: 1 },
  sendfile64: { kind: "unseen", from: 2, to: 1 },
  copy_file_range: { kind: "unseen", from: 1, to: 3 },
  recvmmsg: { kind: "unseen", from: 1, isCountOfMessages: true },
  sendmmsg: { kind: "unseen", to: 1, isCountOfMessages: true },
  io_submit: { kind: "unseen" },
  io_uring_enter: { kind: "unseen" },
}

const CALLS = {
  x86: {
    read: 0,
    write: 1,
    pread64: 17,
    pwrite64: 18,
    readv: 19,
    writev: 20,
    sendfile64: 40,
    sendto: 44,
    recvfrom: 45,
    sendmsg: 46,
    recvmsg: 47,
    io_submit: 209,
    splice: 275,
    tee: 276,
    vmsplice: 278,
    preadv: 295,
    pwritev: 296,
    recvmmsg: 299,
    sendmmsg: 307,
    copy_file_range: 326,
    preadv2: 327,
    pwritev2: 328,
    io_uring_enter: 426,
  },
  arm64: {
    io_submit: 2,
    read: 63,
    write: 64,
    readv: 65,
    writev: 66,
    pread64: 67,
    pwrite64: 68,
    preadv: 69,
    pwritev: 70,
    sendfile64: 71,
    vmsplice: 75,
    splice: 76,
    tee: 77,
    sendto: 206,
    recvfrom: 207,
    sendmsg: 211,
    recvmsg: 212,
    recvmmsg: 243,
    sendmmsg: 269,
    copy_file_range: 285,
    preadv2: 286,
    pwritev2: 287,
    io_uring_enter: 426,
  },
} as const

/** The structure that holds the registers of a system call. */
export const REGISTERS = "pt_regs"

/** The machine that these types describe; undefined if it is neither x86-64 nor arm64. */
export function machineOf(types: KernelTypes): Machine | undefined {
  const at = (field: string) => types.offsetOf([REGISTERS, field]) ?? 0
  if (at("orig_ax") > 0)
    return {
      number: at("orig_ax"),
      arguments: ["di", "si", "dx", "r10"].map(at),
      // The code segment is 0x33, or 0x23 in a 32-bit process.
      mode: at("cs"),
      narrow: 0,
      prefix: "__x64_sys_",
      calls: CALLS.x86,
    }
  if (at("syscallno") === 0) return undefined
  const first = at("regs")
  return {
    number: at("syscallno"),
    // The result has overwritten the first argument, of which arm64 keeps a copy.
    arguments: [at("orig_x0"), first + 8, first + 16, first + 24],
    // PSR_MODE32_BIT
    mode: at("pstate"),
    narrow: 0x10,
    prefix: "__arm64_sys_",
    calls: CALLS.arm64,
  }
}

/** `struct effect` of observe.bpf.c for each system call, by its number. */
export function effectsOf({ calls }: Machine): Uint8Array {
  const bytes = new Uint8Array(EFFECT_BYTES * (Math.max(...Object.values(calls)) + 1))
  for (const [name, number] of Object.entries(calls)) {
    const effect = EFFECTS[name]
    if (!effect) continue
    const { kind, buffers, flags = 0, from = 0, to = 0, isCountOfMessages = false } = effect
    const kinds = [RECORD_KINDS.indexOf(kind), BUFFERS.indexOf(buffers)]
    bytes.set([...kinds, flags, from, to, Number(isCountOfMessages)], EFFECT_BYTES * number)
  }
  return bytes
}

const EFFECT_BYTES = 8
const BUFFERS = [undefined, "list", "message"]

/** The kernel's functions of the system calls whose buffers are not looked at. */
export function movingFunctions({ prefix, calls }: Machine): string[] {
  return Object.keys(calls).flatMap((name) => (EFFECTS[name]?.kind === "unseen" ? [prefix + name] : []))
}
