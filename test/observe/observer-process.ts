import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"

type Ended = { stdout: string; stderr: string; status: number | null }

/** A running `cnitap observe`. */
export class ObserverProcess {
  readonly #child: ChildProcess
  readonly #output: Promise<Ended>

  /** Starts it and waits until it follows the plugins. Rejects with what it printed if it ends before. */
  static async start(args: readonly string[]): Promise<ObserverProcess> {
    const child = spawn(NODE_EXECUTABLE, ["observe", ...args], { stdio: ["ignore", "pipe", "pipe"] })
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
    this.#child = child
    this.#output = output
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Ends it as Ctrl-C does, when it has read everything. */
  end(signal: NodeJS.Signals = "SIGINT"): Promise<Ended> {
    this.#child.kill(signal)
    return this.#output
  }
}
