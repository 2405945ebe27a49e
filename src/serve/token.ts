import { randomBytes } from "node:crypto"
import { closeSync, constants, fstatSync, openSync, readFileSync, writeSync } from "node:fs"
import { Fault } from "../fault/fault.ts"

/**
 * The token of a server: a new one, or that of a file, which is written if it does not exist. With a file, pages that are
 * open reconnect to a restarted server. Throws a Fault if others can read the file or it holds no token.
 */
export function serverToken(file: string | undefined): string {
  if (file === undefined) return newToken()
  return createdToken(file) ?? existingToken(file)
}

function newToken(): string {
  return randomBytes(18).toString("base64url")
}

/** Undefined if the file exists. */
function createdToken(file: string): string | undefined {
  const token = newToken()
  try {
    const opened = openSync(file, "wx", 0o600)
    writeSync(opened, `${token}\n`)
    closeSync(opened)
    return token
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === "EEXIST") return undefined
    throw new Fault("FILE_BROKEN", `cannot write ${file}: ${message}`, "Name a file in a directory of your own.", error)
  }
}

function existingToken(file: string): string {
  let opened: number
  try {
    opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    throw new Fault("FILE_BROKEN", `cannot read ${file}`, "Name a file that this user can read.", error)
  }
  try {
    const { mode } = fstatSync(opened)
    if ((mode & 0o077) !== 0)
      throw new Fault("REFUSED", `other users can read ${file}`, `Run chmod 600 ${file}, or remove it.`)
    const token = readFileSync(opened, "utf8").trim()
    if (!/^[\w-]{20,200}$/.test(token))
      throw new Fault("FILE_BROKEN", `${file} holds no token`, "Remove it: the next start writes a new one.")
    return token
  } finally {
    closeSync(opened)
  }
}
