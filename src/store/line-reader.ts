import { closeSync, openSync, readSync } from "node:fs"
import type { CaptureRecord } from "../capture/record.ts"
import { Damage } from "./damage.ts"
import { LineSplitter } from "./lines.ts"
import { toRecord } from "./records.ts"
import type { Segment } from "./segment.ts"

const WINDOW_BYTES = 32 * 1024
const FILES = 4

type Window = { path: string; file: number; from: number; bytes: Buffer }

/** Reads single records by their place. Those of one operation lie near each other: what was read last is kept. */
export class LineReader {
  #windows: Window[] = []

  /** The record whose line starts at an offset; undefined where it was pruned or is not whole. */
  record(segment: Segment, offset: number): CaptureRecord | undefined {
    const window = this.#window(segment.path)
    if (!window) return undefined
    const splitter = new LineSplitter(offset)
    for (let at = offset; ; ) {
      const bytes = this.#bytes(window, at)
      for (const line of splitter.push(bytes)) return toRecord(line, segment.name, new Damage())
      if (bytes.length === 0) break
      at += bytes.length
    }
    const rest = splitter.rest()
    return rest && toRecord(rest, segment.name, new Damage())
  }

  close(): void {
    for (const { file } of this.#windows) closeSync(file)
    this.#windows = []
  }

  #bytes(window: Window, at: number): Buffer {
    const inside = at - window.from
    if (inside >= 0 && inside < window.bytes.length) return window.bytes.subarray(inside)
    const bytes = Buffer.allocUnsafeSlow(WINDOW_BYTES)
    window.bytes = bytes.subarray(0, readSync(window.file, bytes, 0, WINDOW_BYTES, at))
    window.from = at
    return window.bytes
  }

  #window(path: string): Window | undefined {
    const known = this.#windows.find((window) => window.path === path)
    if (known) return known
    try {
      const window = { path, file: openSync(path, "r"), from: 0, bytes: Buffer.alloc(0) }
      this.#windows.push(window)
      const [oldest] = this.#windows.length > FILES ? this.#windows.splice(0, 1) : []
      if (oldest) closeSync(oldest.file)
      return window
    } catch {
      return undefined
    }
  }
}
