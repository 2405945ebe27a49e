import type { Buffer } from "node:buffer"

/** The kernel's own description of its types (BTF, Documentation/bpf/btf.rst), which is /sys/kernel/btf/vmlinux. */
export class KernelTypes {
  readonly #words: Uint32Array
  readonly #strings: Buffer
  /** where each type is in `#words`, by its ID */
  readonly #places: Uint32Array
  readonly #structures: ReadonlyMap<string, number>

  /** `bytes`: at a multiple of 4 in its buffer. `structures`: those whose fields are looked up. */
  constructor(bytes: Buffer, structures: readonly string[]) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const [header, from, size] = [4, 8, 12].map((at) => view.getUint32(at, true)) as [number, number, number]
    const types = header + from
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset + types, size / 4)
    const strings = header + view.getUint32(16, true)
    this.#strings = bytes.subarray(strings, strings + view.getUint32(20, true))
    this.#places = placesOf(this.#words)
    this.#structures = this.#find(structures, isComposite)
  }

  /** Bytes from the start of a structure to a field, which may be in members of it: `["task_struct", "se", "vruntime"]`. */
  offsetOf([structure = "", ...fields]: readonly string[]): number | undefined {
    let at = this.#structures.get(structure)
    let offset = 0
    for (const field of fields) {
      const found: StructMember | undefined = at === undefined ? undefined : this.#member(at, this.#nameOffset(field))
      if (!found) return undefined
      offset += found.bits / 8
      at = found.type
    }
    return offset
  }

  /** The IDs of those of the functions that the kernel has. */
  functionIds(names: readonly string[]): ReadonlyMap<string, number> {
    return this.#find(names, (kind) => kind === KIND.function)
  }

  /** In one pass: there are more than a hundred thousand types. */
  #find(names: readonly string[], isKind: (kind: number) => boolean): ReadonlyMap<string, number> {
    const wanted = new Map(names.map((name) => [this.#nameOffset(name), name]))
    const found = new Map<string, number>()
    const [words, places] = [this.#words, this.#places]
    for (let id = 1; id < places.length; id++) {
      const name = wanted.get(words[places[id] ?? 0] ?? 0)
      if (name !== undefined && !found.has(name) && isKind(this.#kind(id))) found.set(name, id)
    }
    return found
  }

  #member(id: number, name: number): StructMember | undefined {
    const isPacked = this.#word(id, 1) >>> 31 === 1
    for (let at = 0; at < this.#count(id); at++) {
      const [found, type, place] = [0, 1, 2].map((word) => this.#word(id, 3 + 3 * at + word)) as [
        number,
        number,
        number,
      ]
      const bits = isPacked ? place & 0xffffff : place
      if (found === name) return { bits, type: this.#withoutQualifiers(type) }
      const inner = this.#withoutQualifiers(type)
      const within = found === 0 && isComposite(this.#kind(inner)) ? this.#member(inner, name) : undefined
      if (within) return { bits: bits + within.bits, type: within.type }
    }
    return undefined
  }

  #withoutQualifiers(type: number): number {
    let id = type
    while (QUALIFIERS.includes(this.#kind(id))) id = this.#word(id, 2)
    return id
  }

  /** Every name occurs once in the strings. A name that the kernel does not have is found nowhere. */
  #nameOffset(name: string): number {
    const at = this.#strings.indexOf(`\0${name}\0`, 0, "latin1")
    return at < 0 ? -1 : at + 1
  }

  #word(id: number, at: number): number {
    return this.#words[(this.#places[id] ?? 0) + at] ?? 0
  }

  #kind(id: number): number {
    return (this.#word(id, 1) >>> 24) & 0x1f
  }

  #count(id: number): number {
    return this.#word(id, 1) & 0xffff
  }
}

type StructMember = { bits: number; type: number }

const KIND = { struct: 4, union: 5, function: 12 } as const
/** typedef, volatile, const, restrict */
const QUALIFIERS = [8, 9, 10, 11]
/** Words that follow the three of each type: by kind, fixed and for each of its members. */
const FIXED_WORDS: Readonly<Record<number, number>> = { 1: 1, 3: 3, 14: 1, 17: 1 }
const MEMBER_WORDS: Readonly<Record<number, number>> = { 4: 3, 5: 3, 6: 2, 13: 2, 15: 3, 19: 3 }

function isComposite(kind: number): boolean {
  return kind === KIND.struct || kind === KIND.union
}

/** By ID; 0 is void. */
function placesOf(words: Uint32Array): Uint32Array {
  const places = new Uint32Array(words.length / 3 + 2)
  let count = 1
  for (let at = 0; at < words.length; ) {
    places[count++] = at
    const info = words[at + 1] ?? 0
    const kind = (info >>> 24) & 0x1f
    at += 3 + (FIXED_WORDS[kind] ?? 0) + (MEMBER_WORDS[kind] ?? 0) * (info & 0xffff)
  }
  return places.slice(0, count)
}
