/** A reference to a map or to a variable: which of a program's instructions holds it. */
export type Relocation = { instruction: number; symbol: ObjectSymbol }
export type ObjectSymbol = { name: string; section: string; value: number }
/** `section` says where it is attached: `fentry/FUNCTION`, `raw_tracepoint/NAME` ... */
export type ObjectProgram = { section: string; instructions: Uint8Array; relocations: Relocation[] }
export type ObjectFile = {
  programs: ObjectProgram[]
  symbols: ObjectSymbol[]
  /** the content of .rodata, .bss and maps */
  data: ReadonlyMap<string, Uint8Array>
}

type ElfSection = { name: string; type: number; flags: number; offset: number; size: number; info: number }

const [SYMTAB, REL, NOBITS] = [2, 9, 8]
const EXECUTABLE = 4
const [SECTION_BYTES, SYMBOL_BYTES, REL_BYTES] = [64, 24, 16]

/** Reads what clang writes for `-target bpf`: a little-endian ELF64 relocatable. Our own build made it: it is not checked. */
export function readObjectFile(bytes: Uint8Array): ObjectFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const sections = readSections(view)
  const symbols = readSymbols(view, sections)
  const content = ({ offset, size, type }: ElfSection) =>
    type === NOBITS ? new Uint8Array(size) : bytes.slice(offset, offset + size)
  const programs = sections.flatMap((section, at) =>
    section.flags & EXECUTABLE && section.size > 0
      ? {
          section: section.name,
          instructions: content(section),
          relocations: readRelocations(
            view,
            sections.find(({ type, info }) => type === REL && info === at),
            symbols,
          ),
        }
      : [],
  )
  const data = new Map(
    sections.filter(({ name }) => [".rodata", ".bss", "maps"].includes(name)).map((it) => [it.name, content(it)]),
  )
  return { programs, symbols, data }
}

function readSections(view: DataView): ElfSection[] {
  const [from, count, names] = [Number(view.getBigUint64(40, true)), view.getUint16(60, true), view.getUint16(62, true)]
  const headers = Array.from({ length: count }, (_, at) => from + at * SECTION_BYTES)
  const textFrom = Number(view.getBigUint64((headers[names] ?? 0) + 24, true))
  return headers.map((at) => ({
    name: textAt(view, textFrom + view.getUint32(at, true)),
    type: view.getUint32(at + 4, true),
    flags: Number(view.getBigUint64(at + 8, true)),
    offset: Number(view.getBigUint64(at + 24, true)),
    size: Number(view.getBigUint64(at + 32, true)),
    info: view.getUint32(at + 44, true),
  }))
}

function readSymbols(view: DataView, sections: readonly ElfSection[]): ObjectSymbol[] {
  const table = sections.find(({ type }) => type === SYMTAB)
  const names = sections.find(({ name }) => name === ".strtab")
  if (!table || !names) return []
  return Array.from({ length: table.size / SYMBOL_BYTES }, (_, index) => {
    const at = table.offset + index * SYMBOL_BYTES
    return {
      name: textAt(view, names.offset + view.getUint32(at, true)),
      section: sections[view.getUint16(at + 6, true)]?.name ?? "",
      value: Number(view.getBigUint64(at + 8, true)),
    }
  })
}

function readRelocations(
  view: DataView,
  section: ElfSection | undefined,
  symbols: readonly ObjectSymbol[],
): Relocation[] {
  if (!section) return []
  return Array.from({ length: section.size / REL_BYTES }, (_, index) => {
    const at = section.offset + index * REL_BYTES
    const symbol = symbols[view.getUint32(at + 12, true)]
    return symbol ? [{ instruction: Number(view.getBigUint64(at, true)), symbol }] : []
  }).flat()
}

function textAt(view: DataView, from: number): string {
  let text = ""
  for (let at = from; view.getUint8(at) !== 0; at++) text += String.fromCharCode(view.getUint8(at))
  return text
}
