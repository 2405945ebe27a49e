import { spawn } from "node:child_process"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { build } from "esbuild"
import type { Order } from "./dying.ts"

/** Bundled once, because many processes run it. It finds the relay as the sources do, three folders up. */
const folder = join(import.meta.dirname, `../../build/dying-${process.pid}`)
const program = join(folder, "install/dying.mjs")

export async function buildHands(): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, "dying.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
    logLevel: "error",
    // The other build of jsonc-parser loads its parts by computed names.
    mainFields: ["module", "main"],
  })
}

export function removeHands(): void {
  rmSync(folder, { recursive: true, force: true })
}

/** Carries out orders in other processes: each that is to be killed in a fresh one, all others in the same. */
export class Hands {
  #living = new Hand()
  #next = new Hand()

  /** "ended", "died", or what went wrong. */
  async run(order: Order): Promise<string> {
    if (order.dieAfter === 0 || order.death === "exception") return this.#living.run(order)
    const dying = this.#next
    // Started while this one works, so that nothing waits for it.
    this.#next = new Hand()
    const end = await dying.run(order)
    dying.stop()
    return end
  }

  stop(): void {
    this.#living.stop()
    this.#next.stop()
  }
}

class Hand {
  readonly #child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] })
  #answer: (line: string) => void = () => {}

  constructor() {
    createInterface(this.#child.stdout).on("line", (line) => this.#answer(line))
    this.#child.on("exit", () => this.#answer("died"))
  }

  run(order: Order): Promise<string> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve("it has ended already")
    this.#child.stdin.write(`${JSON.stringify(order)}\n`)
    return new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  stop(): void {
    this.#child.kill("SIGKILL")
  }
}
