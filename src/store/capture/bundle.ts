import { randomUUID } from "node:crypto"
import { closeSync, createReadStream, openSync, readSync, statSync, unlinkSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { createGunzip } from "node:zlib"
import { FORMAT } from "../../capture/record.ts"
import { Fault } from "../../fault/fault.ts"
import type { Capture } from "./capture.ts"
import { fileSegment } from "./segments.ts"

const GZIP = Buffer.from([0x1f, 0x8b])
const NEWLINE = 10

/** Opens a bundle as `cnitap export bundle` writes it, or a single segment that somebody sent: JSON lines, compressed or not. */
export async function openBundle(path: string): Promise<Capture> {
  const start = startOf(path)
  const { content, flaw } = start.subarray(0, 2).equals(GZIP) ? await unpacked(path) : { content: path }
  const segment = await fileSegment(content, path)
  if (!segment) throw new Fault("CAPTURE_MISSING", `${path} is no file`, "Name a bundle file with --from.")
  if (segment.sizeBytes === 0) throw new Fault("FILE_BROKEN", `${path} holds nothing: ${flaw ?? "it is empty"}`, AGAIN)
  return { path, isLive: false, segments: async () => [segment], ...(flaw ? { flaw } : {}) }
}

const AGAIN = "Copy it again."

function startOf(path: string): Buffer {
  let file: number | undefined
  try {
    if (!statSync(path).isFile() && !statSync(path).isDirectory())
      throw new Fault(
        "CAPTURE_FOREIGN",
        `${path} is no file`,
        "Save what comes out of a pipe, and name that with --from.",
      )
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
 * is gone with this process. `content`: the path that the kernel gives it; `flaw`: why it holds only the beginning.
 */
async function unpacked(path: string): Promise<{ content: string; flaw?: string }> {
  const file = openTemporary(join(tmpdir(), `.cnitap-${randomUUID()}`))
  const content = `/proc/self/fd/${file}`
  try {
    await pipeline(createReadStream(path), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of withoutManifest(chunks, path))
        for (let done = 0; done < chunk.length; ) done += writeSync(file, chunk, done)
    })
    return { content }
  } catch (error) {
    if (error instanceof Fault) throw error
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "ENOSPC")
      throw new Fault("NOT_PERMITTED", `${path} does not fit into ${tmpdir()}`, "Name another directory in $TMPDIR.")
    if (code?.startsWith("Z_")) return { content, flaw: message }
    throw error
  }
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
async function* withoutManifest(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  let held: Buffer | undefined = Buffer.alloc(0)
  for await (const chunk of chunks) {
    if (!held) {
      yield chunk
      continue
    }
    held = Buffer.concat([held, chunk])
    const end = held.indexOf(NEWLINE)
    if (end < 0 && held.length < 1 << 20) continue
    const kind = manifestKind(held.subarray(0, Math.max(0, end)))
    if (kind === "newer")
      throw new Fault("FORMAT_NEWER", `${path} was written in a newer format`, "Read it with a newer cnitap.")
    yield kind === "bundle" ? held.subarray(end + 1) : held
    held = undefined
  }
  if (held) yield held
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
