import { readFileSync } from "node:fs"
import { Fault } from "../fault/fault.ts"
import type { Bpf } from "./bpf.ts"
import { EXIT_FIELDS, FILE_FIELDS, RECORD_LAYOUTS } from "./event.ts"
import { KernelTypes } from "./kernel-types.ts"
import { machineOf, REGISTERS } from "./machine.ts"
import { ONLY_KEY } from "./map-bytes.ts"
import { type ObjectFile, type ObjectProgram, readObjectFile } from "./object-file.ts"
import { attachToPipes, tracedFunctions } from "./pipe-programs.ts"
import { constantsOf, type ProgramLimits } from "./program-constants.ts"

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

const TYPES = "/sys/kernel/btf/vmlinux"
const [ARRAY, RING] = [2, 27]
const MAP_BYTES = 16
/** Of `ld_imm64`: what its value is; of `call`: a function of the kernel (include/uapi/linux/bpf.h). */
const [MAP_FD, MAP_VALUE] = [1, 2]
/** Loads and attaches the program. Throws a Fault if the kernel does not support it or this process lacks the permission. */
export function loadProgram(bpf: Bpf, limits: ProgramLimits): LoadedProgram {
  const object = readObjectFile(bpf.program())
  const types = readTypes(object)
  const machine = machineOf(types)
  if (!machine) throw refused("this machine is neither x86-64 nor arm64")
  const variables = new Map(object.symbols.filter(({ section }) => section === ".bss").map((it) => [it.name, it.value]))
  const offset = (field: string) => offsetOf(types, field)
  const maps = createMaps(bpf, object, constantsOf(machine, limits, offset))
  const functions = types.functionIds(tracedFunctions(machine).flatMap(({ names }) => names))
  const codeOf = (section: string) => {
    const program = object.programs.find((it) => it.section === section)
    return program ? link(program, maps, offset) : new Uint8Array()
  }
  const bss = object.data.get(".bss") ?? new Uint8Array()
  const identify = load(bpf, "identify", codeOf("identify"))
  const tracepoints = TRACEPOINTS.map((name) => ({ name, fd: load(bpf, name, codeOf(`raw_tracepoint/${name}`)) }))
  const systemCalls = load(bpf, SYSTEM_CALLS, codeOf(`raw_tracepoint/${SYSTEM_CALLS}`))
  const follow = (fd: number, name: string) => attach(bpf, fd, name)
  // No process is followed yet, so that these do nothing.
  const pipePrograms = attachToPipes(bpf, functions, tracedFunctions(machine), codeOf)
  const hasPipePrograms = pipePrograms.length > 0
  bss[variables.get("systemCallsFollow") ?? 0] = hasPipePrograms ? FOLLOWED.others : FOLLOWED.everything
  succeeded(bpf.update(maps.get(".bss") ?? -1, ONLY_KEY, bss), "fill a map")
  if (!hasPipePrograms) follow(systemCalls, SYSTEM_CALLS)
  for (const { name, fd } of tracepoints) follow(fd, name)
  const rings = load(bpf, RINGS, codeOf(`raw_tracepoint/${RINGS}`))
  // A kernel that was built without io_uring does not have it.
  const ringLink = bpf.attach(rings, RINGS)
  if (ringLink !== -ENOENT) succeeded(ringLink, `attach a program to ${RINGS}`)
  let isFollowed = !hasPipePrograms
  return {
    maps,
    identify,
    programs: [...pipePrograms, ...tracepoints.map(({ fd }) => fd), systemCalls, rings],
    variables,
    bssBytes: bss.length,
    followSystemCalls() {
      if (isFollowed) return false
      follow(systemCalls, SYSTEM_CALLS)
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
/** What the names of symbols begin with that stand for the offset of `STRUCT__FIELD`. */
const OFFSET = "at_"

function readTypes({ symbols }: ObjectFile): KernelTypes {
  const fields = symbols.flatMap(({ name }) => (name.startsWith(OFFSET) ? [name.slice(OFFSET.length)] : []))
  const structures = new Set([...fields, ...EXIT_FIELDS].map((field) => field.split("__")[0] ?? ""))
  try {
    return new KernelTypes(readFileSync(TYPES), [...structures, REGISTERS])
  } catch (error) {
    throw refused(`this kernel does not describe its types (${TYPES} is missing)`, error)
  }
}

function createMaps(
  bpf: Bpf,
  object: ObjectFile,
  constants: Readonly<Record<string, Uint8Array>>,
): Map<string, number> {
  const maps = new Map<string, number>()
  const definitions = object.data.get("maps") ?? new Uint8Array()
  for (const { name, section, value } of object.symbols) {
    if (section !== "maps" || name === "" || value + MAP_BYTES > definitions.length) continue
    const [type = 0, key = 0, size = 0, entries = 0] = new Uint32Array(
      definitions.slice(value, value + MAP_BYTES).buffer,
    )
    maps.set(name, succeeded(bpf.map(type, key, size, entries, false), "create a map"))
    if (type === RING) openRing(bpf, maps.get(name) ?? -1, entries)
  }
  for (const section of [".rodata", ".bss"]) {
    const content = object.data.get(section) ?? new Uint8Array()
    const isConstant = section === ".rodata"
    if (isConstant)
      for (const { name, value } of object.symbols.filter((it) => it.section === section))
        content.set(constants[name] ?? [], value)
    const map = succeeded(bpf.map(ARRAY, 4, content.length, 1, isConstant), "create a map")
    succeeded(bpf.update(map, ONLY_KEY, content), "fill a map")
    if (isConstant) succeeded(bpf.freeze(map), "freeze a map")
    maps.set(section, map)
  }
  return maps
}

function openRing(bpf: Bpf, map: number, sizeBytes: number): void {
  succeeded(bpf.openRing(map, sizeBytes, RECORD_LAYOUTS, FILE_FIELDS), "map the ring buffer")
}

function offsetOf(types: KernelTypes, name: string): number {
  const found = types.offsetOf(name.split("__"))
  if (found === undefined) throw refused(`this kernel has no field ${name.replaceAll("__", ".")}`)
  return found
}

/** The instructions of a program, with what their symbols stand for. `offset`: of `STRUCT__FIELD`. */
function link(
  { instructions, relocations }: ObjectProgram,
  maps: ReadonlyMap<string, number>,
  offset: (field: string) => number,
): Uint8Array {
  const linked = instructions.slice()
  const view = new DataView(linked.buffer)
  const load = (at: number, source: number, low: number, high: number) => {
    view.setUint8(at + 1, (view.getUint8(at + 1) & 0x0f) | (source << 4))
    view.setInt32(at + 4, low, true)
    view.setInt32(at + 12, high, true)
  }
  for (const { instruction, symbol } of relocations) {
    const { name, section, value } = symbol
    if (name.startsWith(OFFSET)) load(instruction, 0, offset(name.slice(OFFSET.length)), 0)
    else if (section === "maps") load(instruction, MAP_FD, maps.get(name) ?? -1, 0)
    else load(instruction, MAP_VALUE, maps.get(section) ?? -1, value + view.getInt32(instruction + 4, true))
  }
  return linked
}

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

/** What the verifier prints where lockdown(7) has removed that function. */
const WITHOUT_MEMORY = "bpf_probe_read_kernel"
const [EPERM, ENOENT, EINVAL, ENOSYS, EOPNOTSUPP] = [1, 2, 22, 38, 95]

function succeeded(result: number, what: string): number {
  if (result >= 0) return result
  if (result === -EPERM)
    throw new Fault(
      "NOT_PERMITTED",
      `permission denied: cannot ${what}`,
      "Run as root, or with CAP_BPF and CAP_PERFMON, outside of an unprivileged container.",
    )
  if (result === -ENOSYS) throw refused("this kernel has no bpf system call")
  if (result === -EOPNOTSUPP) throw refused(`this kernel cannot ${what}: it cannot trace its functions`)
  throw refused(`this kernel cannot ${what} (errno ${-result})`)
}

function refused(message: string, cause?: unknown): Fault {
  return new Fault("REFUSED", message, "Record with `cnitap install`.", cause)
}
