/** node:fs' Stats. */

const TYPES = {
  fifo: 0o010000,
  characters: 0o020000,
  directory: 0o040000,
  blocks: 0o060000,
  file: 0o100000,
  link: 0o120000,
  socket: 0o140000,
}
const TYPE_MASK = 0o170000

/** The order in which the native functions fill the fields; times are seconds and nanoseconds. */
export const STAT_FIELDS = 16

/** Numbers, or bigints on request. */
export class Stats<T extends number | bigint = number> {
  readonly dev: T
  readonly mode: T
  readonly nlink: T
  readonly uid: T
  readonly gid: T
  readonly rdev: T
  readonly blksize: T
  readonly ino: T
  readonly size: T
  readonly blocks: T
  readonly atimeMs: T
  readonly mtimeMs: T
  readonly ctimeMs: T

  constructor(fields: ArrayLike<bigint>, of: (value: bigint) => T, ms: (seconds: bigint, nanoseconds: bigint) => T) {
    const at = (index: number) => fields[index] ?? 0n
    this.dev = of(at(0))
    this.mode = of(at(1))
    this.nlink = of(at(2))
    this.uid = of(at(3))
    this.gid = of(at(4))
    this.rdev = of(at(5))
    this.blksize = of(at(6))
    this.ino = of(at(7))
    this.size = of(at(8))
    this.blocks = of(at(9))
    this.atimeMs = ms(at(10), at(11))
    this.mtimeMs = ms(at(12), at(13))
    this.ctimeMs = ms(at(14), at(15))
  }

  isFile(): boolean {
    return this.#is(TYPES.file)
  }

  isDirectory(): boolean {
    return this.#is(TYPES.directory)
  }

  isSymbolicLink(): boolean {
    return this.#is(TYPES.link)
  }

  isFIFO(): boolean {
    return this.#is(TYPES.fifo)
  }

  isSocket(): boolean {
    return this.#is(TYPES.socket)
  }

  isCharacterDevice(): boolean {
    return this.#is(TYPES.characters)
  }

  isBlockDevice(): boolean {
    return this.#is(TYPES.blocks)
  }

  #is(type: number): boolean {
    return (Number(this.mode) & TYPE_MASK) === type
  }
}

/** Has `mtimeNs` and the like, as Node.js' BigIntStats. */
export class BigIntStats extends Stats<bigint> {
  readonly atimeNs: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint

  constructor(fields: ArrayLike<bigint>) {
    super(
      fields,
      (value) => value,
      (seconds, nanoseconds) => seconds * 1000n + nanoseconds / 1000000n,
    )
    const ns = (index: number) => (fields[index] ?? 0n) * 1000000000n + (fields[index + 1] ?? 0n)
    this.atimeNs = ns(10)
    this.mtimeNs = ns(12)
    this.ctimeNs = ns(14)
  }
}

export function numberStats(fields: ArrayLike<bigint>): Stats {
  return new Stats(fields, Number, (seconds, nanoseconds) => Number(seconds) * 1000 + Number(nanoseconds) / 1e6)
}
