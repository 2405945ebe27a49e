/** node:child_process: programs that are waited for. */
import * as native from "native"
import { Buffer } from "./buffer.ts"
import { process } from "./process.ts"
import { signalName } from "./signals.ts"
import { errorCode, systemError } from "./system-error.ts"

type Options = {
  argv0?: string
  env?: Record<string, string | undefined>
  cwd?: string
  input?: string | Uint8Array
  timeout?: number
  encoding?: string
  /** not in Node.js: the program sees this directory as its root */
  root?: string
}

export function spawnSync(file: string, args: readonly string[], options: Options = {}) {
  const { argv0, env = process.env, cwd, input, timeout = 0, encoding, root } = options
  const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  const stdin = typeof input === "string" ? Buffer.from(input) : input
  const done = native.runProgram(file, [argv0 ?? file, ...args], variables, root, cwd, stdin, timeout)
  const text = (bytes: ArrayBuffer) => {
    const buffer = Buffer.from(bytes)
    return encoding === undefined || encoding === "buffer" ? buffer : buffer.toString(encoding as "utf8")
  }
  const error = done.errno === 0 ? undefined : spawnError(done.errno, file, args)
  const hasStarted = done.pid > 0 && (done.errno === 0 || ["ETIMEDOUT", "ENOBUFS"].includes(errorCode(done.errno)))
  return {
    pid: hasStarted ? done.pid : 0,
    status: hasStarted ? done.status : null,
    signal: done.signal === 0 ? null : signalName(done.signal),
    stdout: hasStarted ? text(done.stdout) : null,
    stderr: hasStarted ? text(done.stderr) : null,
    ...(error ? { error } : {}),
  }
}

function spawnError(errno: number, file: string, spawnargs: readonly string[]): Error {
  const syscall = `spawnSync ${file}`
  const error = systemError(errno, syscall, file)
  return Object.assign(error, { message: `${syscall} ${error.code}`, spawnargs })
}

/** No pager: there is no shell to start one. */
export function spawn(): never {
  throw new Error("not supported")
}
