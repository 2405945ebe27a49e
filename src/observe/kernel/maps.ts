import type { Bpf } from "./bpf.ts"
import { ONLY_KEY } from "./map-bytes.ts"
import type { ObjectFile } from "./object-file.ts"
import { succeeded } from "./refusal.ts"

/** `struct map` of observe.bpf.c */
export type MapDefinition = { type: number; keyBytes: number; valueBytes: number; entries: number }

/** Creates the maps. Returns their descriptors by name; its variables are two more, `.rodata` and `.bss`. */
export function createMaps(
  bpf: Bpf,
  object: ObjectFile,
  constants: Readonly<Record<string, Uint8Array>>,
): Map<string, number> {
  const maps = new Map<string, number>()
  for (const [name, { type, keyBytes, valueBytes, entries }] of mapDefinitions(object))
    maps.set(name, succeeded(bpf.map(type, keyBytes, valueBytes, entries, false), "create a map"))
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

export function mapDefinitions({ data, symbols }: ObjectFile): ReadonlyMap<string, MapDefinition> {
  const bytes = data.get("maps") ?? new Uint8Array()
  const definitions = new Map<string, MapDefinition>()
  for (const { name, section, value } of symbols) {
    if (section !== "maps" || name === "" || value + DEFINITION_BYTES > bytes.length) continue
    const numbers = new Uint32Array(bytes.slice(value, value + DEFINITION_BYTES).buffer)
    const [type = 0, keyBytes = 0, valueBytes = 0, entries = 0] = numbers
    definitions.set(name, { type, keyBytes, valueBytes, entries })
  }
  return definitions
}

const ARRAY = 2
const DEFINITION_BYTES = 16
