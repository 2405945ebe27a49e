/** node:os. */
import * as native from "native"
import { process } from "./process.ts"

export function hostname(): string {
  return native.describeProcess().host
}

export function release(): string {
  return native.describeProcess().release
}

/** x86-64 and arm64, as Linux runs them. */
export function endianness(): "LE" {
  return "LE"
}

export function availableParallelism(): number {
  return 1
}

export function tmpdir(): string {
  const { TMPDIR, TMP, TEMP } = process.env
  const path = TMPDIR || TMP || TEMP || "/tmp"
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path
}
