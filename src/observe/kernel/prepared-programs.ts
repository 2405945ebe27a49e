import { readFileSync } from "node:fs"
import { EXIT_FIELDS } from "../event.ts"
import type { Bpf } from "./bpf.ts"
import { KernelTypes } from "./kernel-types.ts"
import { machineOf, REGISTERS } from "./machine.ts"
import { createMaps, mapDefinitions } from "./maps.ts"
import { type ObjectFile, type ObjectProgram, readObjectFile } from "./object-file.ts"
import { attachToPipes, type PipeProgram, tracedFunctions } from "./pipe-programs.ts"
import { constantsOf, type ProgramLimits } from "./program-constants.ts"
import { refused } from "./refusal.ts"

/** Our programs as instructions for this kernel, with their maps. */
export type PreparedPrograms = {
  maps: ReadonlyMap<string, number>
  ringBytes: number
  /** `lost`, `inFlight` ...: where they are in .bss */
  variables: ReadonlyMap<string, number>
  bss: Uint8Array
  /** The instructions of a section's program. */
  instructionsOf(section: string): Uint8Array
  /** Empty if this kernel cannot trace the functions of pipes. */
  attachToPipes(): PipeProgram[]
}

/** Creates the maps. Throws a Fault if the kernel does not support what the programs need, or this process lacks the permission. */
export function preparePrograms(bpf: Bpf, limits: ProgramLimits): PreparedPrograms {
  const object = readObjectFile(bpf.program())
  const types = readTypes(object)
  const machine = machineOf(types)
  if (!machine) throw refused("this machine is neither x86-64 nor arm64")
  const offset = (field: string) => offsetOf(types, field)
  const maps = createMaps(bpf, object, constantsOf(machine, limits, offset))
  const functions = tracedFunctions(machine)
  const ids = types.functionIds(functions.flatMap(({ names }) => names))
  const instructionsOf = (section: string) => {
    const program = object.programs.find((it) => it.section === section)
    return program ? link(program, maps, offset) : new Uint8Array()
  }
  return {
    maps,
    ringBytes: mapDefinitions(object).get("ring")?.entries ?? 0,
    variables: new Map(object.symbols.filter(({ section }) => section === ".bss").map((it) => [it.name, it.value])),
    bss: object.data.get(".bss") ?? new Uint8Array(),
    instructionsOf,
    attachToPipes: () => attachToPipes(bpf, ids, functions, instructionsOf),
  }
}

const TYPES = "/sys/kernel/btf/vmlinux"
/** What the names of symbols begin with that stand for the offset of `STRUCT__FIELD`. */
const OFFSET = "at_"
/** Of `ld_imm64`: what its value is (include/uapi/linux/bpf.h). */
const [MAP_FD, MAP_VALUE] = [1, 2]

function readTypes({ symbols }: ObjectFile): KernelTypes {
  const fields = symbols.flatMap(({ name }) => (name.startsWith(OFFSET) ? [name.slice(OFFSET.length)] : []))
  const structures = new Set([...fields, ...EXIT_FIELDS].map((field) => field.split("__")[0] ?? ""))
  try {
    return new KernelTypes(readFileSync(TYPES), [...structures, REGISTERS])
  } catch (error) {
    throw refused(`this kernel does not describe its types (${TYPES} is missing)`, error)
  }
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
