import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Fault } from "../../src/fault/fault.ts"
import type { Containerd } from "./containerd.ts"
import type { Runtime, RuntimeVersion } from "./runtime.ts"

/**
 * A node for one test: a container runtime, a directory with real plugins and a configuration directory, in a temporary root.
 */
export type PrivateNode<R extends Runtime = Containerd> = R & {
  root: string
  binDir: string
  spareBinDir: string
  confDir: string
  /** Removes everything, including the root. */
  remove(): Promise<void>
}

/** `plugins` are copied from this machine; `conf` has the files of the configuration directory by name. */
export type NodeOptions = { plugins: readonly string[]; conf: Readonly<Record<string, string>> }

/** The directory of Debian's containernetworking-plugins first, then the usual ones. */
const PLUGIN_DIRS = ["/usr/lib/cni", "/usr/libexec/cni", "/opt/cni/bin"]

export async function startNode<R extends Runtime>(
  version: RuntimeVersion<R>,
  { plugins, conf }: NodeOptions,
): Promise<PrivateNode<R>> {
  const root = mkdtempSync(join(tmpdir(), "cnitap-"))
  const removeRoot = () => rmSync(root, { recursive: true, force: true })
  try {
    const binDir = join(root, "bin")
    const spareBinDir = join(root, "spare-bin")
    const confDir = join(root, "net.d")
    mkdirSync(binDir)
    mkdirSync(confDir)
    for (const name of plugins) copyFileSync(pathOfPlugin(name), join(binDir, name))
    for (const [name, text] of Object.entries(conf)) writeFileSync(join(confDir, name), text)
    const runtime = await version.start(root, { binDir, spareBinDir, confDir })
    const remove = async () => {
      await runtime.stop()
      removeRoot()
    }
    return { ...runtime, root, binDir, spareBinDir, confDir, remove }
  } catch (cause) {
    removeRoot()
    throw cause
  }
}

/** Runs `use` on a private node, which is removed afterwards in any case. */
export async function withNode<R extends Runtime, T>(
  version: RuntimeVersion<R>,
  options: NodeOptions,
  use: (node: PrivateNode<R>) => Promise<T>,
): Promise<T> {
  const node = await startNode(version, options)
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
