/** A regular file of an archive; its directories are created with it. */
export type TarEntry = { path: string; mode: number; content: Buffer | string }

const BLOCK_BYTES = 512
const MAX_PATH = 100

/** A POSIX ustar archive of files of root from 1970, sorted by path. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))
  const directories = new Set(sorted.flatMap(({ path }) => parentsOf(path)))
  const all = [
    ...[...directories].map((path) => ({ path: `${path}/`, mode: 0o755, content: Buffer.alloc(0) })),
    ...sorted,
  ].sort((a, b) => (a.path < b.path ? -1 : 1))
  const parts = all.flatMap(({ path, mode, content }) => {
    const bytes = Buffer.from(content)
    return [header(path, mode, bytes.length), bytes, Buffer.alloc(-bytes.length & (BLOCK_BYTES - 1))]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)])
}

/** `a/b` and `a` of `a/b/c`. */
function parentsOf(path: string): string[] {
  return path
    .split("/")
    .slice(0, -1)
    .map((_, at, names) => names.slice(0, at + 1).join("/"))
}

function header(path: string, mode: number, sizeBytes: number): Buffer {
  if (Buffer.byteLength(path) > MAX_PATH) throw new RangeError(`${path} is too long for a tar header`)
  const block = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, at: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1")
  block.write(path, 0)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(sizeBytes, 124, 12)
  octal(0, 136, 12)
  block.fill(" ", 148, 156)
  block.write(path.endsWith("/") ? "5" : "0", 156)
  block.write("ustar\0" + "00", 257, "latin1")
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1")
  return block
}
