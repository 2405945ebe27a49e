import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { lastDescendant } from "./last-descendant.ts"

/** A node that is a container, as one of kind: processes in a PID namespace of their own, with its /proc. */
export class ContainerNode {
  /** the command that runs a program on it, such as nsenter */
  readonly within: readonly string[]
  readonly #init: ChildProcess

  /** Its process 1 ends all others when it ends. */
  static async start(): Promise<ContainerNode> {
    const script = "echo up; exec sleep infinity"
    const init = spawn("unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    await once(init.stdout, "data")
    return new ContainerNode(init)
  }

  private constructor(init: ChildProcess) {
    this.#init = init
    this.within = ["nsenter", "-t", String(lastDescendant(init)), "-p", "-m", "--"]
  }

  stop(): void {
    this.#init.kill("SIGKILL")
  }
}
