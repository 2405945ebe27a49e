import { readFileSync } from "node:fs"
import { Fault } from "../fault/fault.ts"
import type { Bpf } from "./bpf.ts"
import { KernelTypes } from "./kernel-types.ts"
import { effectsOf, type Machine, machineOf, REGISTERS } from "./machine.ts"
import { ONLY_KEY } from "./map-bytes.ts"
import { type ObjectFile, type ObjectProgram, readObjectFile } from "./object-file.ts"
import { attachToPipes } from "./pipe-programs.ts"

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
/** Of `ld_imm64`: what its value is. */
const [MAP_FD, MAP_VALUE] = [1, 2]

/**
 * Loads and attaches the program. Throws a Fault if the kernel does not support it or this process lacks the permission.
 * `levelsAbove`: how many PID namespaces the node's is above that of this process.
 */
export function loadProgram(bpf: Bpf, levelsAbove: number): LoadedProgram {
  const object = readObjectFile(bpf.program())
  const types = readTypes(object)
  const machine = machineOf(types)
  if (!machine) throw refused("this machine is neither x86-64 nor arm64")
  const variables = new Map(object.symbols.filter(({ section }) => section === ".bss").map((it) => [it.name, it.value]))
  const maps = createMaps(bpf, object, (name) => constantOf(name, types, machine, levelsAbove))
  const codeOf = (section: string) => {
    const program = object.programs.find((it) => it.section === section)
    return program ? withMaps(program, maps) : new Uint8Array()
  }
  const bss = object.data.get(".bss") ?? new Uint8Array()
  const identify = load(bpf, "identify", codeOf("identify"))
  const tracepoints = TRACEPOINTS.map((name) => ({ name, fd: load(bpf, name, codeOf(`raw_tracepoint/${name}`)) }))
  const systemCalls = load(bpf, SYSTEM_CALLS, codeOf(`raw_tracepoint/${SYSTEM_CALLS}`))
  const follow = (fd: number, name: string) => succeeded(bpf.attach(fd, name), `attach a program to ${name}`)
  // No process is followed yet, so that these do nothing.
  const pipePrograms = attachToPipes(bpf, types, machine, codeOf)
  const hasPipePrograms = pipePrograms.length > 0
  if (hasPipePrograms) {
    bss[variables.get("hasPipePrograms") ?? 0] = 1
    succeeded(bpf.update(maps.get(".bss") ?? -1, ONLY_KEY, bss), "fill a map")
  } else follow(systemCalls, SYSTEM_CALLS)
  for (const { name, fd } of tracepoints) follow(fd, name)
  let isFollowed = !hasPipePrograms
  return {
    maps,
    identify,
    programs: [...pipePrograms, ...tracepoints.map(({ fd }) => fd), systemCalls],
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

function readTypes({ symbols }: ObjectFile): KernelTypes {
  const structures = symbols.flatMap(({ name }) => (name.startsWith("at_") ? [structureOf(name)] : []))
  try {
    return new KernelTypes(readFileSync(TYPES), [...new Set(structures), REGISTERS])
  } catch (error) {
    throw refused(`this kernel does not describe its types (${TYPES} is missing)`, error)
  }
}

/** Of `at_STRUCT__FIELD`. */
function structureOf(constant: string): string {
  return constant.slice("at_".length).split("__")[0] ?? ""
}

function createMaps(
  bpf: Bpf,
  object: ObjectFile,
  valuesOf: (constant: string) => readonly number[],
): Map<string, number> {
  const maps = new Map<string, number>()
  const definitions = object.data.get("maps") ?? new Uint8Array()
  for (const { name, section, value } of object.symbols) {
    if (section !== "maps" || name === "" || value + MAP_BYTES > definitions.length) continue
    const [type = 0, key = 0, size = 0, entries = 0] = new Uint32Array(
      definitions.slice(value, value + MAP_BYTES).buffer,
    )
    maps.set(name, succeeded(bpf.map(type, key, size, entries, false), "create a map"))
    if (type === RING) succeeded(bpf.openRing(maps.get(name) ?? -1, entries), "map the ring buffer")
  }
  for (const section of [".rodata", ".bss"]) {
    const content = object.data.get(section) ?? new Uint8Array()
    const isConstant = section === ".rodata"
    if (isConstant) fillConstants(object, content, valuesOf)
    const map = succeeded(bpf.map(ARRAY, 4, content.length, 1, isConstant), "create a map")
    succeeded(bpf.update(map, ONLY_KEY, content), "fill a map")
    if (isConstant) succeeded(bpf.freeze(map), "freeze a map")
    maps.set(section, map)
  }
  return maps
}

/** `at_STRUCT__FIELD` is the offset of a field; the others describe the machine and the node. */
function constantOf(name: string, types: KernelTypes, machine: Machine, levelsAbove: number): readonly number[] {
  if (name.startsWith("at_")) return [offsetOf(types, name.slice("at_".length))]
  switch (name) {
    case "levelsAbove":
      return [levelsAbove]
    case "machine_number":
      return [machine.number]
    case "machine_arguments":
      return machine.arguments
    case "machine_mode":
      return [machine.mode]
    case "machine_narrow":
      return [machine.narrow]
    case "effects":
      return effectsOf(machine)
    default:
      return []
  }
}

function fillConstants(
  object: ObjectFile,
  content: Uint8Array,
  valuesOf: (constant: string) => readonly number[],
): void {
  const view = new DataView(content.buffer, content.byteOffset)
  for (const { name, section, value } of object.symbols)
    if (section === ".rodata")
      for (const [at, word] of valuesOf(name).entries()) view.setUint32(value + 4 * at, word, true)
}

function offsetOf(types: KernelTypes, name: string): number {
  const found = types.offsetOf(name.split("__"))
  if (found === undefined) throw refused(`this kernel has no field ${name.replaceAll("__", ".")}`)
  return found
}

function withMaps({ instructions, relocations }: ObjectProgram, maps: ReadonlyMap<string, number>): Uint8Array {
  const relocated = instructions.slice()
  const view = new DataView(relocated.buffer)
  for (const { instruction, symbol } of relocations) {
    const isMap = symbol.section === "maps"
    const map = maps.get(isMap ? symbol.name : symbol.section) ?? -1
    const offset = isMap ? 0 : symbol.value + view.getInt32(instruction + 4, true)
    const register = view.getUint8(instruction + 1) & 0x0f
    view.setUint8(instruction + 1, register | ((isMap ? MAP_FD : MAP_VALUE) << 4))
    view.setInt32(instruction + 4, map, true)
    view.setInt32(instruction + 12, offset, true)
  }
  return relocated
}

function load(bpf: Bpf, name: string, code: Uint8Array): number {
  const result = bpf.load(code, 0)
  if (typeof result === "number") return succeeded(result, "load a program")
  if (result.includes(WITHOUT_MEMORY))
    throw refused("this kernel is locked down to confidentiality: no program may read its memory")
  const last = result.trimEnd().split("\n").slice(-3).join("; ")
  throw refused(`this kernel's verifier refuses the program ${name}: ${last}`)
}

/** What the verifier prints where lockdown(7) has removed that function. */
const WITHOUT_MEMORY = "bpf_probe_read_kernel"
const [EPERM, ENOSYS, EOPNOTSUPP] = [1, 38, 95]

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
