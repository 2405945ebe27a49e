import { Fault } from "../../fault/fault.ts"
import type { ObserverEvent, RecordField, RecordLayout } from "../event.ts"

/**
 * What the observer needs of the kernel. Functions that make a system call return a number that is not negative, or
 * `-errno`.
 */
export type Bpf = {
  /** the compiled src/observe/bpf/observe.bpf.c */
  program(): Uint8Array
  map(type: number, keyBytes: number, valueBytes: number, entries: number, isReadOnly: boolean): number
  lookup(map: number, key: Uint8Array, value: Uint8Array): number
  update(map: number, key: Uint8Array, value: Uint8Array): number
  delete(map: number, key: Uint8Array): number
  freeze(map: number): number
  /**
   * `functionId`: the type ID of the function at whose end the program runs; 0 for a raw tracepoint. A text is what the
   * verifier printed when it refused the program.
   */
  load(instructions: Uint8Array, functionId: number): number | string
  /** `tracepoint`: empty for a program of a function. Returns what keeps it attached until it is closed. */
  attach(program: number, tracepoint: string): number
  run(program: number, words: Uint8Array): number
  /** how often the kernel did not run the program because it was running already on that processor */
  misses(program: number): number
  /** From then on, this process comes after others, and before them while more than 1 MiB is waiting in the ring. */
  openRing(map: number, sizeBytes: number, layouts: readonly RecordLayout[], fileFields: readonly RecordField[]): number
  /** The next events; none if the ring is empty. Their bytes are in memory that the next call uses again. */
  readRing(): readonly ObserverEvent[]
  /** Resolves when the ring is filling up, or after that time. */
  wait(map: number, timeoutMs: number): Promise<void>
  /**
   * Adds the line of a record to those that wait to be written, and returns how many bytes wait. A Uint8Array in it is text,
   * which never becomes a string.
   */
  addLine(record: object): number
  /** The lines that wait, in memory that the next line uses again. */
  takeLines(): Uint8Array
  /** How long the beginning of the bytes is that is UTF-8. */
  validUtf8(bytes: Uint8Array): number
  /** The texts in the bytes, each of which a zero ends, or their end. */
  splitTexts(bytes: Uint8Array): string[]
  /** of a call */
  newId(): string
  pageBytes(): number
  /** The relay's search for marks of secrets. `lines`: ALL_MARK_LINES. */
  openMarks(lines: string): boolean
  findMark(text: string | Uint8Array): boolean
  /** Another thread may search these bytes, so that findMark has the answer already. They must not change. */
  searchAhead(bytes: Uint8Array): void
  /** nanoseconds since 1970, and of CLOCK_MONOTONIC */
  clocks(): { wallNs: bigint; monoNs: bigint }
}

/** Node.js cannot make the bpf system call; src/engine/replaced/bpf.ts is this module in the node executable. */
export function openBpf(): Bpf {
  throw new Fault(
    "REFUSED",
    "Node.js cannot load a program into the kernel",
    "Use the node executable, cnitap-linux-amd64 or cnitap-linux-arm64, of the same release.",
  )
}
