import type { ChildProcess } from "node:child_process"
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { double } from "../doubles/double.ts"
import { type PluginCall, RELAY, type Seen } from "../relay/stand.ts"
import { ObservedStand } from "./observed-stand.ts"

/** A call as its caller has seen it. */
export type MadeCall = { pid: number; name: string; seen: Seen }

/** A stand whose plugins come and go while they are observed, bare and behind the relay, which records elsewhere. */
export class ComparedStand extends ObservedStand {
  readonly relayed = join(this.root, "relayed")
  readonly made: MadeCall[] = []
  #startedPid = 0

  constructor() {
    super()
    mkdirSync(this.relayed, { mode: 0o700 })
    copyFileSync(double("plugin"), join(this.bin, "any-plugin"))
    copyFileSync(RELAY, join(this.bin, "any-relay"))
  }

  /** Files of an inode that is followed are followed at once: the observer looks for others once a second. */
  override add(name: string, steps?: readonly string[]): string {
    const path = join(this.bin, name)
    rmSync(path, { force: true })
    linkSync(join(this.bin, "any-plugin"), path)
    if (steps) writeFileSync(`${path}.json`, JSON.stringify(steps))
    return path
  }

  /** The original behind the relay is a file of its own, which is not followed. */
  override wrap(name: string): void {
    const [path, original] = [join(this.bin, name), join(this.real, name)]
    copyFileSync(path, `${original}.new`)
    renameSync(`${original}.new`, original)
    rmSync(path)
    linkSync(join(this.bin, "any-relay"), path)
  }

  override configure(config: Record<string, unknown> = {}): void {
    super.configure({ capture: this.relayed, ...config })
  }

  override start(name: string, call?: PluginCall): ChildProcess {
    const child = super.start(name, call)
    this.#startedPid = Number(child.pid)
    return child
  }

  override async run(name: string, call?: PluginCall): Promise<Seen> {
    const ended = super.run(name, call)
    const pid = this.#startedPid
    const seen = await ended
    this.made.push({ pid, name, seen })
    return seen
  }
}
