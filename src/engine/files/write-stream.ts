/** node:fs: writing to a descriptor without being blocked while it is not read. */
import { PipeWriter } from "../pipes.ts"

/** Of an open descriptor, which stays open. */
export function createWriteStream(_path: string, { fd }: { fd: number; autoClose: false }): PipeWriter {
  return new PipeWriter(fd, true)
}
