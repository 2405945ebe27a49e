import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Fault } from "../../src/fault/fault.ts"
import { type Containerd, startContainerd } from "./containerd.ts"

/** A node for one experiment: a containerd, a bin directory of real plugins and a conf directory, in a temporary root. */
export type PrivateNode = Containerd & {
  root: string
  binDir: string
  confDir: string
  /** Takes everything away, the root too. */
  remove(): Promise<void>
}

/** `plugins` are copied from where the machine has them; `conf` are the files of the conf directory by their names. */
export type NodeOptions = { plugins: readonly string[]; conf: Readonly<Record<string, string>> }

/** Debian's containernetworking-plugins first, then where everybody else puts them. */
const PLUGIN_DIRS = ["/usr/lib/cni", "/usr/libexec/cni", "/opt/cni/bin"]

export async function startNode({ plugins, conf }: NodeOptions): Promise<PrivateNode> {
  const root = mkdtempSync(join(tmpdir(), "cnitap-"))
  const removeRoot = () => rmSync(root, { recursive: true, force: true })
  try {
    const binDir = join(root, "bin")
    const confDir = join(root, "net.d")
    mkdirSync(binDir)
    mkdirSync(confDir)
    for (const name of plugins) copyFileSync(pathOfPlugin(name), join(binDir, name))
    for (const [name, text] of Object.entries(conf)) writeFileSync(join(confDir, name), text)
    const containerd = await startContainerd(root, { binDir, confDir })
    const remove = async () => {
      await containerd.stop()
      removeRoot()
    }
    return { ...containerd, root, binDir, confDir, remove }
  } catch (cause) {
    removeRoot()
    throw cause
  }
}

/** Runs `use` on a node of its own, which is gone afterwards however it ended. */
export async function withContainerd<T>(wish: NodeOptions, use: (node: PrivateNode) => Promise<T>): Promise<T> {
  const node = await startNode(wish)
  try {
    return await use(node)
  } finally {
    await node.remove()
  }
}

function pathOfPlugin(name: string): string {
  const path = PLUGIN_DIRS.map((directory) => join(directory, name)).find(existsSync)
  if (path) return path
  throw new Fault(
    "NOT_FOUND",
    `the CNI plugin ${name} is in none of ${PLUGIN_DIRS.join(", ")}`,
    "Install Debian's containernetworking-plugins package.",
  )
}
