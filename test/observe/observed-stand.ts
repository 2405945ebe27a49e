import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Stand } from "../relay/stand.ts"
import { ObserverProcess } from "./observer-process.ts"
import type { Streams } from "./transfers.ts"

/** A stand whose plugins are the doubles themselves, followed by an observer. */
export class ObservedStand extends Stand {
  readonly #confDir = join(this.root, "net.d")
  readonly directories = ["--bin-dir", this.bin, "--conf-dir", this.#confDir, "--capture", this.capture]
  #observer: ObserverProcess | undefined

  constructor() {
    super()
    mkdirSync(this.#confDir)
  }

  get pid(): number | undefined {
    return this.#observer?.pid
  }

  /** Starts `cnitap observe` and waits until it follows the plugins of the directory. */
  async observe(args: readonly string[] = [], within: readonly string[] = []): Promise<void> {
    this.#observer = await ObserverProcess.start([...this.directories, ...args], within)
  }

  /** Of each plugin, which was called once. */
  streams(): Record<string, Partial<Streams>> {
    const ends = new Map(this.ends().map((end) => [end.id, end]))
    return Object.fromEntries(
      this.begins().map(({ id, plugin, stdin = ends.get(id)?.stdin }) => {
        const { stdout, stderr } = ends.get(id) ?? {}
        return [plugin, { ...(stdin && { stdin }), ...(stdout && { stdout }), ...(stderr && { stderr }) }]
      }),
    )
  }

  /** Ends the observer as Ctrl-C does, when it has read everything. */
  async end(signal?: NodeJS.Signals): ReturnType<ObserverProcess["end"]> {
    if (!this.#observer) throw new Error("nothing is observed")
    return this.#observer.end(signal)
  }

  /** Also of a test that failed before it had ended the observer. */
  override remove(): void {
    this.#observer?.kill()
    super.remove()
  }
}
