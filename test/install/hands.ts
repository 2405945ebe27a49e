import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable, Writable } from "node:stream"
import { build } from "esbuild"
import type { Order } from "./dying.ts"

/** Bundled once, because a process is started for every step. It finds the relay as the sources do, two folders up. */
const folder = join(import.meta.dirname, `../../build/dying-${process.pid}`)
const program = join(folder, "dying.mjs")

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

type Child = ChildProcessByStdio<Writable, Readable, null>

/** Carries out orders in processes of their own: those that live in one, each that dies in a fresh one. */
export class Hands {
  #living = start()
  #next = start()

  async run(order: Order): Promise<string> {
    if (order.dieAfter === 0) return answer(this.#living, order)
    const dying = this.#next
    // Started while this one works, so that nobody waits for it.
    this.#next = start()
    const end = await answer(dying, order)
    dying.kill("SIGKILL")
    return end
  }

  stop(): void {
    this.#living.kill("SIGKILL")
    this.#next.kill("SIGKILL")
  }
}

function start(): Child {
  return spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] })
}

/** "ended", "killed", or what went wrong. */
async function answer(child: Child, order: Order): Promise<string> {
  const lines = createInterface(child.stdout)
  const ends = [once(lines, "line").then(([line]) => String(line)), once(child, "exit").then(() => "killed")]
  child.stdin.write(`${JSON.stringify(order)}\n`)
  const end = await Promise.race(ends)
  lines.removeAllListeners()
  return end
}
