import { randomUUID } from "node:crypto"
import { closeSync, createReadStream, openSync, readSync, unlinkSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import { FORMAT } from "../capture/record.ts"
import { Fault } from "../fault/fault.ts"
import type { Capture } from "./capture.ts"
import { fileSegment } from "./segment.ts"

const GZIP = Buffer.from([0x1f, 0x8b])
const NEWLINE = 10

/** Opens a bundle as `cnitap export bundle` writes it, or a single segment that somebody sent: JSON lines, compressed or not. */
export async function openBundle(path: string): Promise<Capture> {
  const start = startOf(path)
  const content = start.subarray(0, 2).equals(GZIP) ? await unpacked(path) : path
  const segment = await fileSegment(content, path)
  if (!segment) throw new Fault("CAPTURE_MISSING", `${path} is no file`, "Name a bundle file with --from.")
  return { path, isLive: false, segments: async () => [segment] }
}

function startOf(path: string): Buffer {
  let file: number | undefined
  try {
    file = openSync(path, "r")
    const bytes = Buffer.alloc(64)
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new Fault("CAPTURE_MISSING", `${path} does not exist`, "Name a bundle that `cnitap export bundle` wrote.")
    if (code === "EISDIR")
      throw new Fault("CAPTURE_FOREIGN", `${path} is a directory`, "Name a capture directory with --capture.")
    if (code === "EACCES" || code === "EPERM")
      throw new Fault("NOT_PERMITTED", `${path} may not be read`, "Run as who may read it.")
    throw error
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/**
 * Records are read where they stand, which compressed ones are not: they are unpacked into a file without a name, which
 * is gone with this process. Returns the path that the kernel gives it.
 */
async function unpacked(path: string): Promise<string> {
  const temporary = join(tmpdir(), `.cnitap-${randomUUID()}`)
  const file = openTemporary(temporary)
  try {
    await pipeline(createReadStream(path), createGunzip(), withoutManifest(path), async (lines) => {
      for await (const chunk of lines) for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done)
    })
  } catch (error) {
    closeSync(file)
    if (error instanceof Fault) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "ENOSPC")
      throw new Fault("NOT_PERMITTED", `${path} does not fit into ${tmpdir()}`, "Name another directory in $TMPDIR.")
    throw new Fault("FILE_BROKEN", `${path} is no whole bundle: ${message}`, "Copy it again.", error)
  }
  return `/proc/self/fd/${file}`
}

function openTemporary(path: string): number {
  try {
    const file = openSync(path, "wx+", 0o600)
    unlinkSync(path)
    return file
  } catch (error) {
    const { message } = error as Error
    throw new Fault("NOT_PERMITTED", `no temporary file can be made: ${message}`, "Name a directory in $TMPDIR.", error)
  }
}

/** Takes the first line out where it is a bundle's; one of a newer format is refused. */
function withoutManifest(path: string): Transform {
  let held: Buffer | undefined = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (!held) return done(null, chunk)
      held = Buffer.concat([held, chunk])
      const end = held.indexOf(NEWLINE)
      if (end < 0 && held.length < 1 << 20) return done()
      const kind = manifestKind(held.subarray(0, Math.max(0, end)))
      if (kind === "newer")
        return done(new Fault("FORMAT_NEWER", `${path} was written in a newer format`, "Read it with a newer cnitap."))
      const rest = kind === "bundle" ? held.subarray(end + 1) : held
      held = undefined
      done(null, rest)
    },
    flush(done) {
      done(null, held)
    },
  })
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
