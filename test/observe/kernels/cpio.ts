/** A file of the initial file system; a directory has no content. `isData`: it cannot be executed. */
export type GuestFile = { path: string; content?: Uint8Array | undefined; isData?: true }

/** What a kernel unpacks as its root: the format newc of cpio. Directories come before what is in them. */
export function cpio(files: readonly GuestFile[]): Buffer {
  return Buffer.concat([...files, { path: "TRAILER!!!", content: new Uint8Array() }].map(entry))
}

function entry({ path, content, isData }: GuestFile, at: number): Buffer {
  const size = content?.length ?? 0
  const mode = content ? (isData ? 0o100644 : 0o100755) : 0o040755
  const fields = [at + 1, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, path.length + 1, 0]
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, "0")).join("")}${path}\0`
  return Buffer.concat([padded(Buffer.from(header)), padded(Buffer.from(content ?? []))])
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
