import { closeSync, createReadStream, openSync, readSync, statSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import { FORMAT } from "../../capture/record.ts"
import { Fault } from "../../fault/fault.ts"
import type { Capture } from "./capture.ts"
import { ReadErrors } from "./read-errors.ts"
import { readRecords } from "./records.ts"
import { fileSegment, type Segment } from "./segments.ts"
import { openTemporaryFile, temporaryFreeBytes } from "./temporary-file.ts"

const GZIP = Buffer.from([0x1f, 0x8b])
const NEWLINE = 10

/** Opens a bundle written by `cnitap export bundle`, or a single segment file: JSON Lines, gzip-compressed or not. */
export async function openBundle(path: string): Promise<Capture> {
  const firstBytes = readStart(path)
  const isCompressed = firstBytes.subarray(0, 2).equals(GZIP)
  const { content, truncatedBy } = isCompressed ? await unpack(path) : { content: path }
  const segment = await fileSegment(content, path)
  if (!segment) throw new Fault("CAPTURE_MISSING", `${path} is not a file`, "Pass the path of a bundle with --from.")
  if (segment.sizeBytes === 0)
    throw new Fault("FILE_BROKEN", `no records in ${path}: ${truncatedBy ?? "the file is empty"}`, "Copy it again.")
  if (await isForeign(segment))
    throw new Fault(
      "CAPTURE_FOREIGN",
      `${path} is not a bundle: it contains no record`,
      "Pass the path of a file that `export bundle` wrote.",
    )
  const segments = async () => [segment]
  return { path, root: "/", directories: [], isLive: false, segments, ...(truncatedBy ? { truncatedBy } : {}) }
}

/** Whether no line is a record, not even one of a newer format or a torn one. */
async function isForeign(segment: Segment): Promise<boolean> {
  const errors = new ReadErrors()
  for await (const _ of readRecords(segment, errors)) return false
  return errors.list().every(({ kind }) => kind === "foreign")
}

function readStart(path: string): Buffer {
  let file: number | undefined
  try {
    if (!statSync(path).isFile() && !statSync(path).isDirectory())
      throw new Fault(
        "CAPTURE_FOREIGN",
        `${path} is not a regular file`,
        "Save the output of the pipe to a file, and pass its path with --from.",
      )
    file = openSync(path, "r")
    const bytes = Buffer.alloc(64)
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new Fault(
        "CAPTURE_MISSING",
        `${path} does not exist`,
        "Pass the path of a bundle written by `export bundle`.",
      )
    if (code === "EISDIR")
      throw new Fault("CAPTURE_FOREIGN", `${path} is a directory`, "Pass a capture directory with --capture.")
    if (code === "EACCES" || code === "EPERM")
      throw new Fault("NOT_PERMITTED", `permission denied: cannot read ${path}`, "Run as a user that can read it.")
    throw error
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/**
 * Records are read at their offsets, which a compressed file does not allow: it is unpacked into an unlinked temporary
 * file, which disappears with this process. `content`: its path in /proc; `truncatedBy`: why only the beginning could be
 * unpacked.
 */
async function unpack(path: string): Promise<{ content: string; truncatedBy?: string }> {
  const file = openTemporary()
  const content = `/proc/self/fd/${file}`
  const limitBytes = unpackedLimit(statSync(path).size)
  let unpackedBytes = 0
  try {
    await pipeline(createReadStream(path), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of withoutManifest(chunks, path)) {
        unpackedBytes += chunk.length
        if (unpackedBytes > limitBytes) throw new RangeError("too much")
        for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done)
      }
    })
    return { content }
  } catch (error) {
    if (error instanceof Fault) throw error
    // A pipeline reports what its last step threw as an AbortError.
    if (unpackedBytes > limitBytes) throw unpacksToTooMuch(path, limitBytes)
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "ENOSPC")
      throw new Fault(
        "NOT_PERMITTED",
        `no space left to unpack ${path} in ${tmpdir()}`,
        "Set $TMPDIR to another directory.",
      )
    if (code?.startsWith("Z_")) return { content, truncatedBy: message }
    throw error
  }
}

/** Captures compress to a tenth or less; zlib can compress zeros to a thousandth. */
const MAX_RATIO = 100
const SMALL_BYTES = 64 * 1024 * 1024

/** At most half of the free space of the temporary directory, which others use too. */
function unpackedLimit(packedBytes: number): number {
  return Math.min(temporaryFreeBytes() / 2, Math.max(SMALL_BYTES, packedBytes * MAX_RATIO))
}

function unpacksToTooMuch(path: string, limitBytes: number): Fault {
  return new Fault(
    "FILE_BROKEN",
    `${path} unpacks to more than ${Math.round(limitBytes / 1e6)} MB`,
    "If you trust it, unpack it with gunzip where there is room, and pass the unpacked file.",
  )
}

function openTemporary(): number {
  try {
    return openTemporaryFile()
  } catch (error) {
    const { message } = error as Error
    throw new Fault(
      "NOT_PERMITTED",
      `cannot create a temporary file: ${message}`,
      "Set $TMPDIR to a writable directory.",
      error,
    )
  }
}

/** Removes the first line if it is the manifest of a bundle. Throws a Fault if its format is newer than ours. */
async function* withoutManifest(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  let start: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of chunks) {
    if (!start) {
      yield chunk
      continue
    }
    start = Buffer.concat([start, chunk])
    const end = start.indexOf(NEWLINE)
    if (end < 0 && start.length < 1 << 20) continue
    const kind = manifestKind(start.subarray(0, Math.max(0, end)))
    if (kind === "newer") throw new Fault("FORMAT_NEWER", `${path} has a newer format`, "Use a newer cnitap.")
    yield kind === "bundle" ? start.subarray(end + 1) : start
    start = undefined
  }
  if (start) yield start
}

function manifestKind(line: Buffer): "bundle" | "newer" | "none" {
  try {
    const value = JSON.parse(line.toString("utf8")) as { format?: unknown; kind?: unknown } | null
    if (value?.kind !== "bundle") return "none"
    return typeof value.format === "number" && value.format > FORMAT ? "newer" : "bundle"
  } catch {
    return "none"
  }
}
