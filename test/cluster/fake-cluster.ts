import { type ChildProcessByStdio, spawn } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { VERSION } from "../../src/cli/version.ts"
import { labelsOf } from "../../src/cluster/names.ts"
import { PROGRAM, type Ran, run } from "../cli/cnitap.ts"

/** A node of the cluster; see test/doubles/kubectl.cjs. */
export type FakeNode = {
  root: string
  labels?: Record<string, string>
  execError?: string
  /** how far its clock is ahead */
  clockOffsetMs?: number
  isUnreachable?: true
  /** its container runtime is older than it */
  unknownCapability?: string
  imageError?: { reason: string; message: string }
}

export type FakeState = {
  nodes: Record<string, FakeNode>
  /** pods of other namespaces: where they run */
  pods?: { metadata: { namespace: string; name: string }; spec: { nodeName: string } }[]
  /** what the pods run, if it is not the built program */
  program?: string
  /** what every kubectl says before it fails */
  fails?: string
  forbidden?: string[]
}

export type CreatedPod = {
  spec: { nodeName: string; containers: { securityContext?: { privileged?: boolean } }[] }
}

/** A cluster behind the double of kubectl. `kubectl cnitap` finds it in $PATH. */
export class FakeCluster {
  readonly directory = mkdtempSync(join(tmpdir(), "cnitap-cluster-"))
  state: FakeState = { nodes: {} }
  readonly #plugin: string

  constructor() {
    const bin = join(this.directory, "bin")
    mkdirSync(bin)
    mkdirSync(join(this.directory, "pods"))
    writeFileSync(
      join(bin, "kubectl"),
      `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, "../doubles/kubectl.cjs")}' "$@"\n`,
    )
    chmodSync(join(bin, "kubectl"), 0o755)
    this.#plugin = join(bin, "kubectl-cnitap")
    symlinkSync(PROGRAM, this.#plugin)
  }

  /** A node with an empty root directory, which is returned. */
  addNode(name: string): string {
    const root = join(this.directory, "nodes", name)
    mkdirSync(root, { recursive: true })
    this.state.nodes[name] = { root }
    return root
  }

  /** A pod that has been recording there; it needs no process to be asked. */
  addRecorder(node: string, version = VERSION): void {
    const name = `cnitap-${node}`
    const metadata = { name, namespace: "cnitap", labels: labelsOf("recorder", version) }
    writeFileSync(join(this.directory, "pods", `${name}.json`), JSON.stringify({ metadata, spec: { nodeName: node } }))
  }

  /** `kubectl cnitap ARGS`, as kubectl starts it. */
  cnitap(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    this.save()
    return run(process.execPath, [this.#plugin, ...args], { env: { ...this.env(), ...env } })
  }

  /** The same, while it runs. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessByStdio<null, Readable, Readable> {
    this.save()
    return spawn(process.execPath, [this.#plugin, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...this.env(), ...env },
    })
  }

  save(): void {
    writeFileSync(join(this.directory, "cluster.json"), JSON.stringify({ program: PROGRAM, ...this.state }))
  }

  env(): NodeJS.ProcessEnv {
    return { PATH: `${join(this.directory, "bin")}:${process.env.PATH}`, FAKE_CLUSTER: this.directory }
  }

  /** The command lines of kubectl so far. */
  calls(): string[][] {
    return linesOf(join(this.directory, "calls.jsonl")).map((line) => JSON.parse(line) as string[])
  }

  /** The pods that were created so far. */
  created(): CreatedPod[] {
    return linesOf(join(this.directory, "created.jsonl")).map((line) => JSON.parse(line) as CreatedPod)
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

function linesOf(path: string): string[] {
  return readFileSync(path, { encoding: "utf8", flag: "a+" })
    .split("\n")
    .filter((line) => line !== "")
}
