import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { prune } from "../capture/prune.ts"
import type { CaptureRecord, LossRecord } from "../capture/record.ts"
import { SEGMENT_INTERVAL_MS, segmentName } from "../capture/segment-name.ts"
import { Fault } from "../fault/fault.ts"
import type { Bpf } from "./kernel/bpf.ts"
import type { Observed } from "./observed-record.ts"

type Lines = Pick<Bpf, "addLine" | "takeLines">

/** A larger write takes longer than a plugin waits for the processor. */
const MOST_WAITING_BYTES = 1 << 18

/** Appends records as the relay does, several with one write, to the segment of their hour, the oldest of which are removed. */
export class CaptureWriter {
  /** records that could not be written */
  lostRecords = 0
  readonly #directory: string
  readonly #maxSizeBytes: number
  readonly #lines: Lines
  #hour = -1
  #segment = ""
  #waitingRecords = 0

  /** Creates the directory. Throws a Fault if other users can read it. */
  constructor(directory: string, maxSizeBytes: number, lines: Lines) {
    this.#directory = directory
    this.#maxSizeBytes = maxSizeBytes
    this.#lines = lines
    openPrivate(directory)
  }

  write(record: Observed<CaptureRecord> | LossRecord): void {
    const hour = Math.floor(record.wallMs / SEGMENT_INTERVAL_MS)
    if (hour !== this.#hour) {
      this.flush()
      this.#hour = hour
      this.#segment = segmentName(record.wallMs)
    }
    this.#waitingRecords++
    if (this.#lines.addLine(record) > MOST_WAITING_BYTES) this.flush()
  }

  /** Until then, records are in memory only. */
  flush(): void {
    if (this.#waitingRecords === 0) return
    const bytes = this.#lines.takeLines()
    const place = this.#append(this.#segment, bytes)
    if (place === undefined) this.lostRecords += this.#waitingRecords
    else if (this.#isTimeToPrune(place, bytes.length)) prune(FILES, this.#directory, this.#maxSizeBytes, this.#segment)
    this.#waitingRecords = 0
  }

  /** Where the records begin; undefined if nothing or not everything was written. */
  #append(segment: string, bytes: Uint8Array): number | undefined {
    let fd: number | undefined
    try {
      const disk = statfsSync(this.#directory)
      if (disk.blocks > 0 && disk.bavail <= disk.blocks / 100) return undefined
      fd = openSync(join(this.#directory, segment), APPEND, 0o600)
      const stat = fstatSync(fd)
      if (!stat.isFile() || stat.nlink !== 1 || stat.size + bytes.length > this.#maxSizeBytes) return undefined
      return writeSync(fd, bytes, 0, bytes.length) === bytes.length ? stat.size : undefined
    } catch {
      return undefined
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }

  /** After the write that creates a segment, and after each one that extends it past another sixteenth of the limit. */
  #isTimeToPrune(from: number, length: number): boolean {
    const step = this.#maxSizeBytes / 16
    return from === 0 || Math.floor(from / step) !== Math.floor((from + length) / step)
  }
}

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

const FILES = {
  list: (directory: string) =>
    readdirSync(directory).flatMap((name) => {
      const stat = lstatSync(join(directory, name), { throwIfNoEntry: false })
      return stat ? [{ name, sizeBytes: stat.size }] : []
    }),
  remove: (directory: string, file: string) => unlinkSync(join(directory, file)),
}

function openPrivate(directory: string): void {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (!found) {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return
  }
  if (!found.isDirectory())
    throw new Fault("CAPTURE_FOREIGN", `${directory} is not a directory`, "Name another with --capture.")
  if ((found.mode & 0o077) !== 0 || found.uid !== process.geteuid?.())
    throw new Fault(
      "CAPTURE_FOREIGN",
      `${directory} can be read by others, and records may hold secrets`,
      "Run chmod 700 on it, or name another with --capture.",
    )
}
