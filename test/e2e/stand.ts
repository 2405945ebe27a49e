import { execFile } from "node:child_process"
import { randomUUID } from "node:crypto"
import { chmodSync, copyFileSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { type Call, jsonObject } from "../../src/model/call.ts"
import { type CallNode, type Operation, walk } from "../../src/model/operation.ts"
import type { PodConfig } from "../node/cri.ts"
import { type PrivateNode, startNode } from "../node/private-node.ts"
import type { Runtime, RuntimeVersion } from "../node/runtime.ts"

const CNITAP = join(import.meta.dirname, "../../dist/cnitap.js")
const PLUGINS = ["bridge", "host-local", "portmap", "bandwidth", "loopback"]

const IPAM = { type: "host-local", ranges: [[{ subnet: "10.88.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] }
export const BRIDGE = { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: true, ipam: IPAM }
export const PORTMAP = { type: "portmap", capabilities: { portMappings: true } }
export const BANDWIDTH = { type: "bandwidth", capabilities: { bandwidth: true } }

/** A private node with one network, and the cnitap commands of its operator. */
export class E2eStand<R extends Runtime = Runtime> {
  readonly node: PrivateNode<R>
  readonly capture: string
  readonly logFile: string
  readonly list: string

  static async start<R extends Runtime>(
    version: RuntimeVersion<R>,
    t: TestContext,
    plugins: readonly object[],
  ): Promise<E2eStand<R>> {
    const list = `${JSON.stringify({ cniVersion: "1.0.0", name: "demo", plugins }, null, 2)}\n`
    const stand = new E2eStand(await startNode(version, { plugins: PLUGINS, conf: { "10-demo.conflist": list } }))
    t.after(() => stand.node.remove())
    return stand
  }

  private constructor(node: PrivateNode<R>) {
    this.node = node
    this.capture = join(node.root, "capture")
    this.logFile = join(node.root, "log/cni.log")
    this.list = join(node.confDir, "10-demo.conflist")
  }

  /** Installs a plugin that is a shell script. */
  script(name: string, body: string): void {
    writeFileSync(join(this.node.binDir, name), `#!/bin/sh\n${body}`, { mode: 0o755 })
  }

  flannel(): void {
    const path = join(this.node.binDir, "flannel")
    copyFileSync(join(import.meta.dirname, "../doubles/flannel.cjs"), path)
    chmodSync(path, 0o755)
  }

  run(pod: Partial<PodConfig> = {}, timeoutMs?: number): Promise<string> {
    return this.node.runPod({ namespace: "default", name: "web-0", uid: randomUUID(), ...pod }, timeoutMs)
  }

  async remove(id: string): Promise<void> {
    await this.node.stopPod(id)
    await this.node.removePod(id)
  }

  async install(...options: string[]): Promise<void> {
    await this.cnitap("install", ...this.directories, "--capture", this.capture, ...options)
  }

  async uninstall(): Promise<void> {
    await this.cnitap("uninstall", ...this.directories)
  }

  /** The next command removes what an uninstall had to keep, because a cached list or the runtime still named it. */
  async afterUninstall(): Promise<void> {
    await this.cnitap("status", ...this.directories).catch(() => {})
  }

  /** Runs the built command line on the node, whose /var/lib and /run it sees. Rejects if it fails. */
  cnitap(...args: string[]): Promise<string> {
    return outputOf(this.command(args))
  }

  /** The command line of cnitap with these arguments, on the node. */
  command(args: readonly string[]): string[] {
    return ["nsenter", `--target=${this.node.pid}`, "--mount", process.execPath, CNITAP, ...args]
  }

  /** The flags that name the node. */
  get directories(): string[] {
    return ["--bin-dir", this.node.binDir, "--conf-dir", this.node.confDir]
  }

  /** The operations as `cnitap ls` reads them, outside of the node, which a test may have ended. */
  async operations(): Promise<Operation[]> {
    const { items } = JSON.parse(
      await outputOf([process.execPath, CNITAP, "ls", "--capture", this.capture, "-o", "json"]),
    ) as {
      items: Operation[]
    }
    return items
  }

  /** The calls of one plugin, in order. */
  async calls(plugin: string): Promise<Call[]> {
    const calls = (await this.operations()).flatMap((operation) => walk(operation.calls).map(({ call }) => call))
    return calls.filter((call) => call.plugin === plugin)
  }

  /** One line per operation: `ADD ok: bridge(host-local) portmap`. A VERSION is none: the runtime attaches nothing. */
  async transcript(isWanted: (operation: Operation) => boolean = () => true): Promise<string[]> {
    const operations = (await this.operations()).filter((it) => it.command !== "VERSION" && isWanted(it))
    return operations.map(({ command, outcome, calls }) => `${command} ${outcome}: ${tree(calls)}`)
  }

  /** Everything in the plugin and configuration directories, which an uninstall must restore. */
  files(): Record<string, string> {
    return Object.fromEntries([this.node.binDir, this.node.confDir].flatMap(filesOf))
  }

  /** Addresses that host-local has reserved. */
  leases(): string[] {
    return readdirSync(join(this.node.stateDir, "cni/networks/demo")).filter((name) => /^[0-9.]+$/.test(name))
  }
}

function outputOf(command: readonly string[]): Promise<string> {
  const [program = "", ...options] = command
  return new Promise((resolve, reject) => {
    execFile(program, options, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${command.join(" ")}: ${error.message}\n${stderr}`))
      else resolve(stdout)
    })
  })
}

export const input = (call: Call | undefined) => jsonObject(call?.stdin)
export const output = (call: Call | undefined) => jsonObject(call?.stdout)

function tree(nodes: readonly CallNode[]): string {
  return nodes
    .map(({ call, children }) => (children.length > 0 ? `${call.plugin}(${tree(children)})` : call.plugin))
    .join(" ")
}

function filesOf(directory: string): [string, string][] {
  return readdirSync(directory).map((name) => {
    const path = join(directory, name)
    const { mode, uid, gid } = lstatSync(path)
    return [path, `${mode.toString(8)} ${uid}:${gid} ${readFileSync(path, "base64")}`]
  })
}
