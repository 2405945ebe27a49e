import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import { lastDescendant } from "./last-descendant.ts"

type Ended = { stdout: string; stderr: string; status: number | null }

/** A running `cnitap observe`. */
export class ObserverProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #output: Promise<Ended>

  /**
   * Starts it and waits until it follows the plugins. Rejects with what it printed if it ends before. `within`: the command
   * that runs it somewhere else, and waits for it.
   */
  static async start(args: readonly string[], within: readonly string[] = []): Promise<ObserverProcess> {
    const [program = NODE_EXECUTABLE, ...before] = [...within, NODE_EXECUTABLE]
    const child = spawn(program, [...before, "observe", ...args], { stdio: ["ignore", "pipe", "pipe"] })
    const output = { stdout: "", stderr: "" }
    child.stdout.on("data", (chunk) => {
      output.stdout += chunk
    })
    const started = new Promise<void>((resolve, reject) => {
      child.stderr.on("data", (chunk) => {
        output.stderr += chunk
        if (output.stderr.includes("observing")) resolve()
      })
      child.on("close", () => reject(new Error(output.stderr)))
    })
    const ended = once(child, "close").then(([status]) => ({ ...output, status }))
    await started
    return new ObserverProcess(child, ended)
  }

  private constructor(child: ChildProcess, output: Promise<Ended>) {
    this.pid = lastDescendant(child)
    this.#child = child
    this.#output = output
  }

  /** Ends it as Ctrl-C does, when it has read everything. */
  end(signal: NodeJS.Signals = "SIGINT"): Promise<Ended> {
    process.kill(this.pid, signal)
    return this.#output
  }

  /** If it is running. */
  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(this.pid, "SIGKILL")
  }
}
