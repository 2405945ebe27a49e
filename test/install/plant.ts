import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { TestContext } from "node:test"

/** Files by path: text, `program` for an executable file, `-> target` for a symlink, or `directory`. */
export type Tree = Record<string, string | { mode: number; text: string | Buffer }>

export const program = { mode: 0o755, text: "#!/bin/true\n" }

/** Creates the trees in one temporary root, later ones overriding earlier ones; it is removed after the test. */
export function plant(test: TestContext, ...trees: Tree[]): string {
  const root = mkdtempSync(join(tmpdir(), "cnitap-tree-"))
  test.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, content] of trees.flatMap((tree) => Object.entries(tree))) {
    const here = join(root, path)
    mkdirSync(dirname(here), { recursive: true })
    if (content === "directory") mkdirSync(here, { recursive: true })
    else if (typeof content === "object") {
      writeFileSync(here, content.text)
      chmodSync(here, content.mode)
    } else if (content.startsWith("-> ")) {
      rmSync(here, { force: true })
      symlinkSync(content.slice(3), here)
    } else writeFileSync(here, content)
  }
  return root
}

/** A process as /proc shows it, by default in the node's own mount namespace. */
export function process(pid: number, command: string, given: { namespace?: string; executable?: string } = {}): Tree {
  const { namespace = "mnt:[1]", executable } = given
  return {
    [`/proc/${pid}/cmdline`]: `${command.split(" ").join("\0")}\0`,
    [`/proc/${pid}/ns/mnt`]: `-> ${namespace}`,
    ...(executable ? { [`/proc/${pid}/exe`]: `-> ${executable}` } : {}),
  }
}

export function programs(directory: string, ...names: string[]): Tree {
  return Object.fromEntries(names.map((name) => [join(directory, name), program]))
}

/** The file /proc/1/mountinfo with these mounts: `<mount point> <type> <options>`. */
export function mountinfo(...mounts: string[]): Tree {
  const lines = mounts.map((mount, at) => {
    const [point, type, options] = mount.split(" ")
    return `${20 + at} 1 8:1 / ${point} ${options} - ${type} none rw`
  })
  return { "/proc/1/mountinfo": `${lines.join("\n")}\n` }
}
