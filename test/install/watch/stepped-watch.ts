import type { TestContext } from "node:test"
import { openNode } from "../../../src/cli/node/node.ts"
import { readRelay } from "../../../src/install/disk/relay-file.ts"
import type { Waiter } from "../../../src/install/watch/change-waiter.ts"
import { Watch } from "../../../src/install/watch/watch.ts"
import type { Node } from "../node.ts"

/** A watch in this process whose time passes only when the test says so, and which no change wakes. */
export class SteppedWatch {
  readonly lines: string[] = []
  readonly #abort = new AbortController()
  readonly #time = new SteppedTime()
  /** resolves when the watch has nothing more to do */
  readonly end: Promise<void>

  constructor(t: TestContext, node: Node) {
    const options = {
      root: "/",
      binDir: [node.bin],
      confDir: node.at(node.confDir),
      shimDir: node.at("/opt/cnitap/bin"),
    }
    const { disk, installDirs, shimDir } = openNode(options)
    const watch = new Watch(
      {
        disk,
        relay: readRelay(),
        installDirs,
        shimDir,
        detect: () => openNode(options),
        nowMs: () => this.#time.nowMs,
      },
      (line) => this.lines.push(line),
    )
    this.end = watch.run(this.#abort.signal, this.#time)
    t.after(() => this.stop())
  }

  /** Goes through every round that falls into so much time. */
  async pass(durationMs: number): Promise<void> {
    await this.#time.pass(durationMs)
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#time.wake()
    await this.end
  }
}

class SteppedTime implements Waiter {
  nowMs = Date.now()
  #untilMs = 0
  #wake: () => void = () => {}

  async pass(durationMs: number): Promise<void> {
    const endMs = this.nowMs + durationMs
    while (this.#untilMs <= endMs) {
      this.nowMs = Math.max(this.nowMs, this.#untilMs)
      this.wake()
      // A round does not wait for anything before it waits for its next turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.nowMs = endMs
  }

  wake(): void {
    this.#wake()
  }

  watch(): void {}

  wait(durationMs: number): Promise<void> {
    this.#untilMs = this.nowMs + durationMs
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  close(): void {
    this.#untilMs = Number.POSITIVE_INFINITY
  }
}
