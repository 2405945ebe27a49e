/** node:process. */
import * as native from "native"
import { onReadable } from "../loop.ts"
import { signalNumber } from "../signals.ts"
import { InputStream, OutputStream } from "../standard-streams.ts"
import { succeeded } from "../system-error.ts"
import { EventEmitter } from "./events.ts"

const facts = native.describeProcess()

class Process extends EventEmitter {
  readonly pid = facts.pid
  readonly ppid = facts.ppid
  readonly arch = facts.arch
  readonly platform = "linux"
  /** what it runs, and itself, as in Node.js */
  readonly argv = [facts.argv[0] ?? "cnitap", ...facts.argv]
  readonly execArgv: string[] = []
  readonly env: Record<string, string | undefined> = Object.fromEntries(facts.env.map(nameAndValue))
  readonly versions: Record<string, string> = { "quickjs-ng": facts.engine }
  readonly version = ""
  readonly stdout = new OutputStream(1)
  readonly stderr = new OutputStream(2)
  readonly stdin = new InputStream(0)
  #exitCode: number | undefined
  #isExiting = false
  readonly hrtime = { bigint: native.monotonicNs }
  readonly #signals = new Map<string, { fd: number; stop(): void }>()

  get exitCode(): number | undefined {
    return this.#exitCode
  }

  set exitCode(status: number | undefined) {
    this.#exitCode = status
    native.setExitStatus(status ?? 0)
  }

  getuid(): number {
    return facts.uid
  }

  geteuid(): number {
    return facts.euid
  }

  getgid(): number {
    return facts.gid
  }

  get execPath(): string {
    return String(native.readlink("/proc/self/exe"))
  }

  kill(pid: number, signal = "SIGTERM"): true {
    succeeded(native.signalProgram(pid, signalNumber(signal)), "kill")
    return true
  }

  cwd(): string {
    return String(native.workingDirectory())
  }

  exit(status = this.exitCode ?? 0): never {
    this.exitCode = status
    if (!this.#isExiting) {
      this.#isExiting = true
      this.emit("exit", status)
    }
    return native.exit(this.exitCode)
  }

  override on(event: string, listener: (...args: unknown[]) => void): this {
    super.on(event, listener)
    return this.#listen(event)
  }

  override once(event: string, listener: (...args: unknown[]) => void): this {
    super.once(event, listener)
    return this.#listen(event)
  }

  override removeListener(event: string, listener: (...args: unknown[]) => void): this {
    super.removeListener(event, listener)
    const open = this.#signals.get(event)
    if (!open || this.listenerCount(event) > 0) return this
    // As before: the signal ends the process.
    this.#signals.delete(event)
    open.stop()
    native.closeSignal(signalNumber(event), open.fd)
    return this
  }

  #listen(event: string): this {
    const number = signalNumber(event)
    if (number === 0 || this.#signals.has(event)) return this
    const fd = native.openSignal(number)
    const bytes = new Uint8Array(128)
    const arrived = () => {
      if (native.read(fd, bytes, 0, bytes.length, -1) > 0) this.emit(event, event, number)
    }
    this.#signals.set(event, { fd, stop: onReadable(fd, arrived, false) })
    return this
  }
}

export const process = new Process()
export default process
export const { argv, env, platform, arch } = process

function nameAndValue(variable: string): [string, string] {
  const at = variable.indexOf("=", 1)
  return at < 0 ? [variable, ""] : [variable.slice(0, at), variable.slice(at + 1)]
}
