import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import type { Context } from "../context.ts"

/** Where an export goes. `abandon`: what was written so far is worth nothing. */
export type Sink = { write(data: string | Uint8Array): Promise<void>; end(): void; abandon(): void }

/** Standard output, or with `path` a file of its own that nobody else may read. */
export function openSink({ stdout }: Pick<Context, "stdout">, path: string | undefined): Sink {
  if (path === undefined) {
    return {
      async write(data) {
        if (stdout.write(data) === false && stdout.once) await new Promise<void>((done) => stdout.once?.("drain", done))
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

/** What is there is never written over, and a link is never followed. */
function create(path: string): number {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  try {
    return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "EEXIST") throw new Fault("REFUSED", `${path} is there already`, "Remove it, or name another file.")
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new Fault("NOT_FOUND", `the directory of ${path} does not exist`, "Make it, or name another file.")
    throw new Fault("NOT_PERMITTED", `${path} cannot be written: ${message}`, "Name another file with --out.", error)
  }
}
