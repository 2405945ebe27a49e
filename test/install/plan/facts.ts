import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Network, NodeFacts, Plugin } from "../../../src/install/detect/node-facts.ts"
import { reach } from "../../../src/install/detect/reach.ts"

/** The facts of a plain node, whose first list is the active one. */
export function factsOf(confDir: string, binDirs: readonly string[], more: Partial<NodeFacts> = {}): NodeFacts {
  const networks = readdirSync(confDir)
    .filter((name) => /\.(conf|conflist|json)$/.test(name))
    .sort()
    .map((name, at) => networkOf(join(confDir, name), at === 0))
  return {
    root: "/",
    runtime: undefined,
    runtimes: [],
    platform: { name: "default", evidence: [] },
    confDir: { value: confDir, from: "the test" },
    binDirs: { value: [...binDirs], from: "the test" },
    networks,
    plugins: pluginsOf(networks),
    agents: [],
    mounts: [],
    selinux: { mode: "disabled", labels: {} },
    ...more,
  }
}

function pluginsOf(networks: readonly Network[]): Plugin[] {
  const found = networks.flatMap(({ file, plugins }) =>
    reach(plugins.map(({ object }) => object)).map(
      ({ name, via }): Plugin => ({ name, via, networks: [file], shadows: [], skipped: [] }),
    ),
  )
  return found.filter(({ name }, at) => found.findIndex((other) => other.name === name) === at)
}

function networkOf(file: string, isActive: boolean): Network {
  const shape = { file, format: "conflist" as const, sideFiles: [], disableCheck: false, loadOnlyInlinedPlugins: false }
  try {
    const { name, cniVersion, plugins } = JSON.parse(readFileSync(file, "utf8"))
    const list = (plugins as { type: string }[]).map((object) => ({ type: object.type, file, object }))
    return { ...shape, name, cniVersion, plugins: list, isActive }
  } catch (error) {
    return { ...shape, plugins: [], isActive: false, broken: String(error) }
  }
}
