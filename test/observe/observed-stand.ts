import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import { Stand } from "../relay/stand.ts"

/** A stand whose plugins are the doubles themselves, followed by an observer. */
export class ObservedStand extends Stand {
  #observer: ChildProcess | undefined
  #output: Promise<{ stdout: string; stderr: string; status: number | null }> | undefined

  get pid(): number | undefined {
    return this.#observer?.pid
  }

  /** Starts `cnitap observe` and waits until it follows the plugins of the directory. */
  async observe(args: readonly string[] = []): Promise<void> {
    const confDir = join(this.root, "net.d")
    mkdirSync(confDir, { recursive: true })
    const directories = ["--bin-dir", this.bin, "--conf-dir", confDir, "--capture", this.capture]
    const observer = spawn(NODE_EXECUTABLE, ["observe", ...directories, ...args], { stdio: ["ignore", "pipe", "pipe"] })
    this.#observer = observer
    const output = { stdout: "", stderr: "" }
    observer.stdout.on("data", (chunk) => {
      output.stdout += chunk
    })
    const started = new Promise<void>((resolve, reject) => {
      observer.stderr.on("data", (chunk) => {
        output.stderr += chunk
        if (output.stderr.includes("observing")) resolve()
      })
      observer.on("close", () => reject(new Error(output.stderr)))
    })
    this.#output = once(observer, "close").then(([status]) => ({ ...output, status }))
    await started
  }

  /** Ends the observer as Ctrl-C does, when it has read everything. */
  async end(signal: NodeJS.Signals = "SIGINT"): Promise<{ stdout: string; stderr: string; status: number | null }> {
    this.#observer?.kill(signal)
    return (await this.#output) ?? { stdout: "", stderr: "", status: null }
  }
}
