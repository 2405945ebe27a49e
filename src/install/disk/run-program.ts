import { spawnSync } from "node:child_process"

/**
 * Runs a program of this machine and waits for it. It is passed as an argument, so that detecting, planning and
 * checking can be tested without starting processes.
 */
export type RunProgram = (file: string, args: readonly string[], options?: ProgramOptions) => ProgramResult

export type ProgramOptions = {
  /** default: the file */
  argv0?: string
  env?: Record<string, string | undefined>
  cwd?: string
  stdin?: string
  timeoutMs?: number
}

/** `error`: it could not be started, or timed out. */
export type ProgramResult = {
  error?: NodeJS.ErrnoException
  status: number | null
  signal: string | null
  stdout: Buffer
  stderr: Buffer
}

export const runProgram: RunProgram = (file, args, { stdin, timeoutMs, ...options } = {}) => {
  const { error, status, signal, stdout, stderr } = spawnSync(file, args, {
    ...options,
    ...(stdin === undefined ? {} : { input: stdin }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  })
  return {
    ...(error ? { error } : {}),
    status,
    signal,
    stdout: stdout ?? Buffer.alloc(0),
    stderr: stderr ?? Buffer.alloc(0),
  }
}
