import { FILE_FIELDS, RECORD_LAYOUTS } from "../event.ts"
import type { Bpf } from "./bpf.ts"
import { ONLY_KEY } from "./map-bytes.ts"
import { preparePrograms } from "./prepared-programs.ts"
import type { ProgramLimits } from "./program-constants.ts"
import { refused, succeeded } from "./refusal.ts"

/** A program in the kernel, attached, with the maps through which it is reached. The kernel unloads it when this process ends. */
export type LoadedProgram = {
  maps: ReadonlyMap<string, number>
  /** the program that identifies an open file */
  identify: number
  programs: number[]
  /** Also follows files that are not pipes. Returns whether it did not before. */
  followSystemCalls(): boolean
  /** `lost`, `inFlight` ...: where they are in .bss */
  variables: ReadonlyMap<string, number>
  bssBytes: number
}

/** Loads and attaches the program. Throws a Fault if the kernel does not support it or this process lacks the permission. */
export function loadProgram(bpf: Bpf, limits: ProgramLimits): LoadedProgram {
  const { maps, ringBytes, variables, bss, instructionsOf, attachToPipes } = preparePrograms(bpf, limits)
  succeeded(bpf.openRing(maps.get("ring") ?? -1, ringBytes, RECORD_LAYOUTS, FILE_FIELDS), "map the ring buffer")
  const identify = load(bpf, "identify", instructionsOf("identify"))
  const loaded = (name: string) => load(bpf, name, instructionsOf(`raw_tracepoint/${name}`))
  const tracepoints = TRACEPOINTS.map((name) => ({ name, fd: loaded(name) }))
  const systemCalls = loaded(SYSTEM_CALLS)
  // No process is followed yet, so that these do nothing.
  const pipePrograms = attachToPipes().map(({ program }) => program)
  let isFollowed = pipePrograms.length === 0
  bss[variables.get("systemCallsFollow") ?? 0] = isFollowed ? FOLLOWED.everything : FOLLOWED.others
  succeeded(bpf.update(maps.get(".bss") ?? -1, ONLY_KEY, bss), "fill a map")
  if (isFollowed) attach(bpf, systemCalls, SYSTEM_CALLS)
  for (const { name, fd } of tracepoints) attach(bpf, fd, name)
  const rings = loaded(RINGS)
  // A kernel that was built without io_uring does not have it.
  const ringLink = bpf.attach(rings, RINGS)
  if (ringLink !== -ENOENT) succeeded(ringLink, `attach a program to ${RINGS}`)
  return {
    maps,
    identify,
    programs: [...pipePrograms, ...tracepoints.map(({ fd }) => fd), systemCalls, rings],
    variables,
    bssBytes: bss.length,
    followSystemCalls() {
      if (isFollowed) return false
      attach(bpf, systemCalls, SYSTEM_CALLS)
      isFollowed = true
      return true
    },
  }
}

const TRACEPOINTS = ["sched_process_exec", "sched_process_fork", "sched_process_exit"]
const SYSTEM_CALLS = "sys_exit"
const RINGS = "io_uring_create"
/** What the program of system calls follows: everything, or only files that are not pipes. */
const FOLLOWED = { others: 2, everything: 7 }
/** What the verifier prints where lockdown(7) has removed that function. */
const WITHOUT_MEMORY = "bpf_probe_read_kernel"
const [ENOENT, EINVAL] = [2, 22]

function load(bpf: Bpf, name: string, code: Uint8Array): number {
  const result = bpf.load(code, 0)
  if (result === -EINVAL) throw refused("this kernel runs no programs at tracepoints (CONFIG_BPF_EVENTS)")
  if (typeof result === "number") return succeeded(result, `load the program ${name}`)
  const last = result.trimEnd().split("\n").slice(-3).join("; ")
  if (last.includes(WITHOUT_MEMORY))
    throw refused("this kernel is locked down to confidentiality: no program may read its memory")
  throw refused(`this kernel's verifier refuses the program ${name}: ${last}`)
}

function attach(bpf: Bpf, program: number, tracepoint: string): number {
  const link = bpf.attach(program, tracepoint)
  if (link === -ENOENT) throw refused(`this kernel has no tracepoint ${tracepoint}`)
  return succeeded(link, `attach a program to ${tracepoint}`)
}
