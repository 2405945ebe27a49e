import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import type { Context } from "../context.ts"
import { shown } from "../terminal/colour.ts"

/** Where an export is written. `abandon` discards what was written so far. */
export type Sink = { write(data: string | Uint8Array): Promise<void>; end(): void; abandon(): void }

/** Standard output, or a new file of mode 0600. */
export function openSink({ stdout }: Pick<Context, "stdout">, path: string | undefined): Sink {
  if (path === undefined) {
    return {
      async write(data) {
        const safe = typeof data === "string" ? shown({ stdout }, data) : data
        if (stdout.write(safe) === false && stdout.once) await new Promise<void>((done) => stdout.once?.("drain", done))
      },
      end() {},
      abandon() {},
    }
  }
  const file = create(path)
  let isOpen = true
  const close = () => {
    if (isOpen) closeSync(file)
    isOpen = false
  }
  return {
    async write(data) {
      const bytes = typeof data === "string" ? Buffer.from(data) : data
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    },
    end: close,
    abandon() {
      close()
      rmSync(path, { force: true })
    },
  }
}

/** Existing files are never overwritten, and links are not followed. */
function create(path: string): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  try {
    return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "EEXIST") throw new Fault("REFUSED", `${path} already exists`, "Remove it, or choose another file.")
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new Fault("FILE_MISSING", `the directory of ${path} does not exist`, "Create it, or choose another file.")
    throw new Fault("NOT_PERMITTED", `cannot write ${path}: ${message}`, "Choose another file with --out.", error)
  }
}
