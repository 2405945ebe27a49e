/** node:fs: reading what is in a file. */
import { Buffer } from "../modules/buffer.ts"
import { closeSync, openSync, readSync } from "./descriptor.ts"
import { readdirSync } from "./directory.ts"
import { fstatSync } from "./stat.ts"

const CHUNK_BYTES = 1 << 16

type Encoded = string | { encoding?: string | null } | null

export function readFileSync(path: string | number): Buffer
export function readFileSync(path: string | number, encoding: Encoded): string
export function readFileSync(path: string | number, options?: Encoded): Buffer | string {
  const fd = typeof path === "number" ? path : openSync(path)
  try {
    const bytes = readToEnd(fd)
    const encoding = typeof options === "string" ? options : options?.encoding
    return encoding ? bytes.toString(encoding as "utf8") : bytes
  } finally {
    if (typeof path === "string") closeSync(fd)
  }
}

/** A file in /proc has no size, and another process may append to one. */
function readToEnd(fd: number): Buffer {
  const { size } = fstatSync(fd)
  let bytes = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, size + 1))
  let length = 0
  for (;;) {
    const count = readSync(fd, bytes, length, bytes.length - length)
    if (count === 0) return bytes.subarray(0, length) as Buffer
    length += count
    if (length === bytes.length) bytes = Buffer.concat([bytes], 2 * length)
  }
}

/** Reads a file chunk by chunk. */
export async function* createReadStream(path: string): AsyncGenerator<Buffer> {
  const fd = openSync(path)
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const count = readSync(fd, chunk)
      if (count === 0) return
      yield chunk.subarray(0, count) as Buffer
    }
  } finally {
    closeSync(fd)
  }
}

class FileHandle {
  readonly fd: number

  constructor(fd: number) {
    this.fd = fd
  }

  async read(buffer: Buffer, offset = 0, length = buffer.length - offset, position: number | null = null) {
    return { bytesRead: readSync(this.fd, buffer, offset, length, position), buffer }
  }

  async close(): Promise<void> {
    closeSync(this.fd)
  }
}

/** A system call on a file takes about as long as handing it to a thread. */
export const promises = {
  open: async (path: string, flags?: string): Promise<FileHandle> => new FileHandle(openSync(path, flags)),
  readFile: async (path: string, encoding: Encoded = null) =>
    encoding ? readFileSync(path, encoding) : readFileSync(path),
  readdir: async (path: string): Promise<string[]> => readdirSync(path),
}
