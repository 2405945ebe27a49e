/** node:child_process. */
import * as native from "native"
import { defer, onReadable } from "../loop.ts"
import { PipeReader, PipeWriter } from "../pipes.ts"
import { signalName, signalNumber } from "../signals.ts"
import { errorCode, systemError } from "../system-error.ts"
import { Buffer } from "./buffer.ts"
import { EventEmitter } from "./events.ts"
import { process } from "./process.ts"

type SpawnSyncOptions = {
  argv0?: string
  env?: Record<string, string | undefined>
  cwd?: string
  input?: string | Uint8Array
  timeout?: number
  encoding?: string
  /** not in Node.js: the program sees this directory as its root */
  root?: string
}

export function spawnSync(file: string, args: readonly string[], options: SpawnSyncOptions = {}) {
  const { argv0, env = process.env, cwd, input, timeout = 0, encoding, root } = options
  const variables = variablesOf(env)
  const stdin = typeof input === "string" ? Buffer.from(input) : input
  const done = native.runProgram(file, [argv0 ?? file, ...args], variables, root, cwd, stdin, timeout)
  const text = (bytes: ArrayBuffer) => {
    const buffer = Buffer.from(bytes)
    return encoding === undefined || encoding === "buffer" ? buffer : buffer.toString(encoding as "utf8")
  }
  const error = done.errno === 0 ? undefined : programError("spawnSync", done.errno, file, args)
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

function programError(call: string, errno: number, file: string, spawnargs: readonly string[]): Error {
  const syscall = `${call} ${file}`
  const error = systemError(errno, syscall, file)
  return Object.assign(error, { message: `${syscall} ${error.code}`, spawnargs })
}

const MODES: Readonly<Record<string, number>> = { ignore: 0, pipe: 1, inherit: 2 }
const CHILD_ENDED = signalNumber("SIGCHLD")
const running = new Set<ChildProcess>()
let stopListening: (() => void) | undefined

type SpawnOptions = {
  stdio?: readonly string[]
  env?: Record<string, string | undefined>
  cwd?: string
  shell?: boolean
  /** in a session of its own, so that it goes on when this process or its terminal is gone */
  detached?: boolean
}

/** A program that runs beside this one. */
export function spawn(
  file: string,
  args: readonly string[] | SpawnOptions = [],
  options: SpawnOptions = {},
): ChildProcess {
  if (!Array.isArray(args)) return spawn(file, [], args as SpawnOptions)
  if (options.shell) return spawn("/bin/sh", ["-c", [file, ...args].join(" ")], { ...options, shell: false })
  const { stdio = [], env = process.env, cwd, detached = false } = options
  const [stdin = 1, stdout = 1, stderr = 1] = stdio.map((mode) => MODES[mode] ?? 1)
  listen()
  const started = native.startProgram(file, [file, ...args], variablesOf(env), cwd, stdin, stdout, stderr, detached)
  return new ChildProcess(
    started.pid,
    started.streams,
    started.errno === 0 ? undefined : programError("spawn", started.errno, file, args),
  )
}

/** Emits `close` when it has ended and its output is read, or `error` if it could not be started. */
export class ChildProcess extends EventEmitter {
  readonly pid: number | undefined
  readonly stdin: PipeWriter | null
  readonly stdout: PipeReader | null
  readonly stderr: PipeReader | null
  exitCode: number | null = null
  signalCode: string | null = null
  #open = 1

  constructor(pid: number, [stdin = -1, stdout = -1, stderr = -1]: readonly number[], error: Error | undefined) {
    super()
    this.pid = pid > 0 ? pid : undefined
    this.stdin = stdin >= 0 ? new PipeWriter(stdin) : null
    const reader = (fd: number) => {
      if (fd < 0) return null
      this.#open++
      return new PipeReader(fd, () => this.#closed())
    }
    this.stdout = reader(stdout)
    this.stderr = reader(stderr)
    if (error) {
      listenNoMore()
      defer(() => this.emit("error", error))
      return
    }
    running.add(this)
  }

  kill(signal = "SIGTERM"): boolean {
    return this.pid !== undefined && running.has(this) && native.signalProgram(this.pid, signalNumber(signal)) === 0
  }

  /** Whether it has ended. */
  look(): void {
    const ended = native.endedProgram(this.pid ?? 0)
    if (!ended) return
    running.delete(this)
    this.exitCode = ended[0]
    this.signalCode = ended[1] === 0 ? null : signalName(ended[1])
    this.stdin?.destroy()
    this.emit("exit", this.exitCode, this.signalCode)
    this.#closed()
  }

  #closed(): void {
    if (--this.#open === 0) this.emit("close", this.exitCode, this.signalCode)
  }
}

/** Programs that end are announced by a signal, which several of them may share. */
function listen(): void {
  if (stopListening) return
  const fd = native.openSignal(CHILD_ENDED)
  const bytes = new Uint8Array(1024)
  const stop = onReadable(fd, () => {
    while (native.read(fd, bytes, 0, bytes.length, -1) > 0);
    for (const child of [...running]) child.look()
    listenNoMore()
  })
  stopListening = () => {
    stop()
    native.closeSignal(CHILD_ENDED, fd)
    stopListening = undefined
  }
}

/** The process may end when no program runs. */
function listenNoMore(): void {
  if (running.size === 0) stopListening?.()
}

function variablesOf(env: Record<string, string | undefined>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
}
