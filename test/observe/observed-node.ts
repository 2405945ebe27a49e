import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { isObject } from "../../src/cni/json.ts"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import { Node } from "../install/node.ts"

const CAPTURE = "/var/lib/cnitap/capture"

/** A node below a root whose plugins can be observed; uninstalled and removed after the test. */
export function plainNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => {
    cnitap(node, "uninstall")
    node.remove()
  })
  // In a mounted root a plugin cannot be run under another argv[0], where the double looks for its steps.
  for (const name of ["bridge", "host-local"]) node.delete(`${node.binDir}/${node.plugin(name).split("/").at(-1)}.json`)
  node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }])
  return node
}

/** The node executable, on this node. */
export function cnitap(node: Node, ...args: string[]): { stdout: string; stderr: string; code: number | null } {
  const { stdout, stderr, status } = spawnSync(NODE_EXECUTABLE, [...args, "--root", node.root], { encoding: "utf8" })
  return { stdout, stderr, code: status }
}

/** Of `status`. */
export function observerOf(node: Node): { pid: number; isRunning: boolean } {
  const { stdout } = cnitap(node, "status", "-o", "json")
  return JSON.parse(stdout).installs[0].observer
}

/** What observers have not recorded, of the capture of this node. */
export function losses(node: Node): Record<string, unknown>[] {
  return readdirSync(node.at(CAPTURE))
    .flatMap((name) => readFileSync(join(node.at(CAPTURE), name), "utf8").split("\n"))
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line)]))
    .filter((record) => isObject(record) && record.kind === "loss")
}

export async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await sleep(50)
}

export { callBridge as call } from "../install/call-bridge.ts"
