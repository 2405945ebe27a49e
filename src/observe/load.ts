import { readFileSync } from "node:fs"
import { Fault } from "../fault/fault.ts"
import type { Bpf } from "./bpf.ts"
import { KernelTypes } from "./kernel-types.ts"
import { machineOf } from "./machine.ts"
import { ONLY_KEY } from "./map-bytes.ts"
import { type ObjectFile, type ObjectProgram, readObjectFile } from "./object-file.ts"

/** A program in the kernel, attached, with the maps through which it is reached. The kernel unloads it when this process ends. */
export type LoadedProgram = {
  maps: ReadonlyMap<string, number>
  /** the program that identifies an open file */
  identify: number
  programs: number[]
  /** `lost`, `inFlight`: where they are in .bss */
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
  const types = readTypes()
  const object = readObjectFile(bpf.program())
  const variables = new Map(object.symbols.filter(({ section }) => section === ".bss").map((it) => [it.name, it.value]))
  const maps = createMaps(bpf, object, types, levelsAbove)
  const loaded: LoadedProgram = {
    maps,
    identify: -1,
    programs: [],
    variables,
    bssBytes: object.data.get(".bss")?.length ?? 0,
  }
  for (const program of object.programs) {
    const relocated = withMaps(program, maps)
    const [kind = "", name = ""] = program.section.split("/")
    const fd = load(bpf, program, relocated)
    if (kind === "identify") loaded.identify = fd
    else succeeded(bpf.attach(fd, name), `attach a program to ${name}`)
    loaded.programs.push(fd)
  }
  return loaded
}

function readTypes(): KernelTypes {
  try {
    return new KernelTypes(readFileSync(TYPES))
  } catch (error) {
    throw refused(`this kernel does not describe its types (${TYPES} is missing)`, error)
  }
}

function createMaps(bpf: Bpf, object: ObjectFile, types: KernelTypes, levelsAbove: number): Map<string, number> {
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
    if (isConstant) fillConstants(object, content, types, levelsAbove)
    const map = succeeded(bpf.map(ARRAY, 4, content.length, 1, isConstant), "create a map")
    succeeded(bpf.update(map, ONLY_KEY, content), "fill a map")
    if (isConstant) succeeded(bpf.freeze(map), "freeze a map")
    maps.set(section, map)
  }
  return maps
}

/**
 * `at_STRUCT__FIELD` gets the offset of a field, `register_N` where an argument of a system call is, and `call_NAME` its
 * number.
 */
function fillConstants(object: ObjectFile, content: Uint8Array, types: KernelTypes, levelsAbove: number): void {
  const view = new DataView(content.buffer, content.byteOffset)
  const machine = machineOf(types)
  if (!machine) throw refused("this machine is neither x86-64 nor arm64")
  for (const { name, section, value } of object.symbols) {
    if (section !== ".rodata" || name === "") continue
    if (name === "levelsAbove") view.setUint32(value, levelsAbove, true)
    const [kind = "", rest = ""] = [name.slice(0, name.indexOf("_")), name.slice(name.indexOf("_") + 1)]
    const constant =
      kind === "at" ? offsetOf(types, rest) : kind === "register" ? machine.registers[rest] : machine.calls[rest]
    if (constant !== undefined) view.setUint32(value, constant, true)
  }
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

function load(bpf: Bpf, { section }: ObjectProgram, code: Uint8Array): number {
  const result = bpf.load(code)
  if (typeof result === "number") return succeeded(result, "load a program")
  const last = result.trimEnd().split("\n").slice(-3).join("; ")
  throw refused(`this kernel's verifier refuses the program ${section}: ${last}`)
}

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
