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

const [READ, WRITE, UNSEEN] = [3, 4, 6]
const [VECTOR, MESSAGE, NO_FILE, NO_SOURCE, COUNTS_MESSAGES] = [1 << 3, 1 << 4, 1 << 5, 1 << 12, 1 << 13]
const flagsIn = (argument: number) => argument << 6
const between = (from: number, to: number) => (from << 8) | (to << 10)

/** By the name of its function in the kernel: a kind of event, and in which arguments its buffer and its files are. */
const EFFECTS: Readonly<Record<string, number>> = {
  read: READ,
  write: WRITE,
  readv: READ | VECTOR,
  writev: WRITE | VECTOR,
  pread64: READ,
  pwrite64: WRITE,
  preadv: READ | VECTOR,
  pwritev: WRITE | VECTOR,
  preadv2: READ | VECTOR,
  pwritev2: WRITE | VECTOR,
  recvfrom: READ | flagsIn(3),
  sendto: WRITE,
  recvmsg: READ | MESSAGE | flagsIn(2),
  sendmsg: WRITE | MESSAGE,
  splice: UNSEEN | between(0, 2),
  // It reads nothing.
  tee: UNSEEN | NO_SOURCE | between(0, 1),
  vmsplice: UNSEEN | between(0, 0),
  sendfile64: UNSEEN | between(1, 0),
  copy_file_range: UNSEEN | between(0, 2),
  recvmmsg: UNSEEN | COUNTS_MESSAGES | between(0, 0),
  sendmmsg: UNSEEN | COUNTS_MESSAGES | NO_SOURCE | between(0, 0),
  io_submit: UNSEEN | NO_FILE,
  io_uring_enter: UNSEEN | NO_FILE,
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

/** What each system call does, by its number, as observe.bpf.c reads it. */
export function effectsOf({ calls }: Machine): number[] {
  const effects: number[] = new Array(Math.max(...Object.values(calls)) + 1).fill(0)
  for (const [name, number] of Object.entries(calls)) effects[number] = EFFECTS[name] ?? 0
  return effects
}

/** The kernel's functions of the system calls whose buffers are not looked at. */
export function movingFunctions({ prefix, calls }: Machine): string[] {
  return Object.keys(calls).flatMap((name) => (((EFFECTS[name] ?? 0) & 7) === UNSEEN ? [prefix + name] : []))
}
