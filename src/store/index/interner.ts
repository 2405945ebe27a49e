import { ByteSlice } from "../scan/read-header.ts"
import type { Dictionary } from "./dictionary.ts"

const NONE = -1
let lists = 0

/** Numbers distinct texts in order of first appearance, by their bytes. The empty text is number 0. */
export class Interner {
  count = 1
  /** the bytes of all texts, concatenated; `starts`: where each begins, and the end of the last */
  bytes = Buffer.alloc(64 * 1024)
  starts = new Uint32Array(4096)
  /** length of the longest text */
  mostBytes = 0
  #hashes = new Int32Array(4096)
  #slots = new Int32Array(8192).fill(NONE)
  readonly #slice = new ByteSlice()
  /** identifies the numbers that slices cache (`ByteSlice.internedBy`); changes when the interner is cleared */
  #list = ++lists

  clear(): void {
    this.#list = ++lists
    this.count = 1
    this.mostBytes = 0
    this.#slots.fill(NONE)
  }

  get sizeBytes(): number {
    return this.starts[this.count] ?? 0
  }

  copyTo({ bytes, starts }: Dictionary): void {
    this.bytes.copy(bytes, 0, 0, this.sizeBytes)
    starts.set(this.starts.subarray(0, this.count + 1))
  }

  number(slice: ByteSlice): number {
    if (slice.internedBy === this.#list) return slice.number
    const number = slice.from === slice.to ? 0 : this.#find(slice)
    slice.internedBy = this.#list
    slice.number = number
    return number
  }

  numberOf(text: string | undefined): number {
    this.#slice.set(text)
    return this.number(this.#slice)
  }

  /** The number here of a text in a block's dictionary. */
  numberIn({ bytes, starts }: Dictionary, text: number): number {
    const [from = 0, to = 0] = [starts[text], starts[text + 1]]
    this.#slice.point(bytes, from, to)
    return this.number(this.#slice)
  }

  /** The number here of another interner's text. */
  numberFrom(other: Interner, number: number): number {
    this.#slice.place(other.bytes, other.starts[number] ?? 0, other.starts[number + 1] ?? 0, other.#hashes[number] ?? 0)
    return this.number(this.#slice)
  }

  text(number: number): string {
    return this.bytes.toString("utf8", this.starts[number], this.starts[number + 1])
  }

  #find({ bytes, from, to, hash }: ByteSlice): number {
    const mask = this.#slots.length - 1
    let slot = mixed(hash) & mask
    for (let known = this.#slots[slot] ?? NONE; known !== NONE; known = this.#slots[slot] ?? NONE) {
      if (this.#hashes[known] === hash && this.#is(known, bytes, from, to)) return known
      slot = (slot + 1) & mask
    }
    return this.#add(bytes, from, to, hash, slot)
  }

  /** Equal for equal texts in every interner. */
  hash(number: number): number {
    return number === 0 ? 0 : (this.#hashes[number] ?? 0)
  }

  #is(number: number, bytes: Buffer, from: number, to: number): boolean {
    const own = this.bytes
    const start = this.starts[number] ?? 0
    if ((this.starts[number + 1] ?? 0) - start !== to - from) return false
    for (let at = from; at < to; at++) if (own[start + at - from] !== bytes[at]) return false
    return true
  }

  #add(bytes: Buffer, from: number, to: number, hash: number, slot: number): number {
    const number = this.count++
    const start = this.starts[number] ?? 0
    while (start + to - from > this.bytes.length) this.bytes = Buffer.concat([this.bytes], 2 * this.bytes.length)
    if (this.count === this.starts.length) this.#grow()
    const own = this.bytes
    for (let at = from; at < to; at++) own[start + at - from] = bytes[at] ?? 0
    this.starts[this.count] = start + to - from
    this.mostBytes = Math.max(this.mostBytes, to - from)
    this.#hashes[number] = hash
    this.#slots[slot] = number
    if (2 * this.count > this.#slots.length) this.#rehash()
    return number
  }

  #grow(): void {
    const [starts, hashes] = [new Uint32Array(2 * this.count), new Int32Array(2 * this.count)]
    starts.set(this.starts)
    hashes.set(this.#hashes)
    this.starts = starts
    this.#hashes = hashes
  }

  #rehash(): void {
    const slots = new Int32Array(2 * this.#slots.length).fill(NONE)
    for (let number = 1; number < this.count; number++) {
      let slot = mixed(this.#hashes[number] ?? 0) & (slots.length - 1)
      while (slots[slot] !== NONE) slot = (slot + 1) & (slots.length - 1)
      slots[slot] = number
    }
    this.#slots = slots
  }
}

/** The low bits of a hash that multiplies by 31 depend only on the last letters. */
function mixed(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> 8
}
