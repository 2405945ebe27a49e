import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import type { Ran } from "../../cli/cnitap.ts"
import { evidenceOf } from "./evidence.ts"
import type { Kubernetes } from "./kubernetes.ts"
import { until } from "./until.ts"

/** The names of the cluster's nodes. */
export const BOTH = ["node-1", "node-2"]

/** A cluster, what a person does with it, and the files that its nodes had before. */
export class Session {
  readonly cluster: Kubernetes
  readonly files: readonly string[][]
  readonly #test: TestContext
  #hasFailed = false

  private constructor(test: TestContext, cluster: Kubernetes, files: string[][]) {
    this.#test = test
    this.cluster = cluster
    this.files = files
  }

  static async start(test: TestContext, cluster: Kubernetes): Promise<Session> {
    return new Session(test, cluster, await filesOf(cluster))
  }

  /** A step needs what those before it left: after a failure, which is explained, the others are skipped. */
  readonly step = (name: string, run: (own: TestContext) => Promise<void>): Promise<void> =>
    this.#test.test(name, async (own) => {
      if (this.#hasFailed) return own.skip("a step before it failed")
      const startMs = Date.now()
      // Until it has passed.
      this.#hasFailed = true
      await explained(this.cluster, () => run(own))
      this.#hasFailed = false
      own.diagnostic(`${Date.now() - startMs} ms`)
    })

  /** `kubectl cnitap`, on the first node, as a user. */
  readonly cnitap = (args: readonly string[], user: "admin" | "dev" | "reader" = "admin"): Promise<Ran> =>
    this.cluster.run(["kubectl", "cnitap", ...args], user)

  /** The nodes of the rows that a verb prints, each once. */
  readonly nodesOf = async (...args: string[]): Promise<string[]> => {
    const rows = ["-o", "jsonpath={range .items[*]}{.node}{'\\n'}{end}"]
    const { stdout, stderr, code } = await this.cnitap([...args, ...rows])
    assert.deepEqual({ args, stderr, failed: code !== 0 && code !== 1 }, { args, stderr: "", failed: false })
    return [...new Set(stdout.trim().split("\n"))].sort()
  }

  readonly allFiles = (): Promise<string[][]> => filesOf(this.cluster)

  readonly namespaceGone = (): Promise<void> =>
    until("the namespace is gone", async () => (await this.cluster.kubectl(["get", "namespace", "cnitap"])).code !== 0)

  readonly deletePods = async (...names: string[]): Promise<void> => {
    await this.cluster.kubectl(["delete", "pods", "--force", "--grace-period=0", ...names])
  }

  /** Processes on the nodes that follow a capture end with their clients. */
  readonly followersGone = async (): Promise<void> => {
    for (const node of this.cluster.nodes)
      await until("no process is left", async () => (await node.exec(["pgrep", "-f", "__attached"])).code === 1)
  }
}

/** Prints what the cluster looks like if it throws. */
export async function explained(cluster: Kubernetes, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    console.error(await evidenceOf(cluster))
    throw error
  }
}

function filesOf({ nodes }: Kubernetes): Promise<string[][]> {
  return Promise.all(nodes.map((node) => node.files()))
}
