/** src/store/capture/temporary-file.ts for roots that are read-only or have no /tmp. */
import * as native from "native"
import { constants, openSync, statfsSync } from "../modules/fs.ts"
import { tmpdir } from "../modules/os.ts"
import { succeeded } from "../system-error.ts"

const O_TMPFILE = 0o20000000
const MEMORY_BYTES = 256 * 1024 * 1024

export function openTemporaryFile(): number {
  try {
    return openSync(tmpdir(), O_TMPFILE | constants.O_DIRECTORY | constants.O_RDWR, 0o600)
  } catch {
    return succeeded(native.memoryFile(), "memfd_create")
  }
}

export function temporaryFreeBytes(): number {
  try {
    const { bavail, bsize } = statfsSync(tmpdir())
    return Math.max(bavail * bsize, MEMORY_BYTES)
  } catch {
    return MEMORY_BYTES
  }
}
