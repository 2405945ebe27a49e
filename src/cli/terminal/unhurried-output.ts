import { createWriteStream } from "node:fs"
import type { Context } from "../context.ts"

/**
 * An output that keeps what nobody reads, where the process itself would be stopped by a full pipe or a paused terminal. Who
 * writes to it waits for "drain".
 */
export function unhurriedOutput(stdout: Context["stdout"]): Context["stdout"] {
  const { fd, isTTY } = stdout
  if (fd === undefined) return stdout
  const stream = createWriteStream("", { fd, autoClose: false })
  stream.on("error", (error) => process.stdout.emit("error", error))
  return {
    write: (data) => stream.write(data),
    once: (event, listener) => stream.once(event, listener),
    ...(isTTY && { isTTY }),
  }
}
