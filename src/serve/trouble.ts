import { Fault } from "../fault/fault.ts"
import type { ErrorAnswer } from "./protocol.ts"

/** Why a capture that could be read before cannot be read any more, for the page. */
export function troubleOf(error: unknown, path: string): ErrorAnswer {
  if (error instanceof Fault) return { error: error.message, hint: error.hint }
  const { code, message } = error as NodeJS.ErrnoException
  if (code === "ENOENT" || code === "ENOTDIR")
    return { error: `${path} was removed`, hint: "The lists show what was read before; streams can no longer be read." }
  return { error: `${path} cannot be read: ${message}`, hint: "Check the directory on the node; reading is retried." }
}
