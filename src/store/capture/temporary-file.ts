import { randomUUID } from "node:crypto"
import { constants, openSync, statfsSync, unlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** open(2), Linux 3.11; Node.js has no constant for it. The value is the same on every architecture Node.js supports. */
const O_TMPFILE = 0o20000000

/**
 * Opens a file without a name, which disappears with this process, however it ends. Throws the error of the file system.
 * Where nothing can be written, the node executable takes memory instead (`src/engine/replaced/temporary-file.ts`).
 */
export function openTemporaryFile(): number {
  try {
    return openSync(tmpdir(), O_TMPFILE | constants.O_DIRECTORY | constants.O_RDWR, 0o600)
  } catch {
    // Older overlay file systems do not support O_TMPFILE.
    const path = join(tmpdir(), `.cnitap-${randomUUID()}`)
    const file = openSync(path, "wx+", 0o600)
    unlinkSync(path)
    return file
  }
}

/** The space that a temporary file may take; others use it too. */
export function temporaryFreeBytes(): number {
  const { bavail, bsize } = statfsSync(tmpdir())
  return bavail * bsize
}
