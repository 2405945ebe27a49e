/** Builds the node executable, dist/cnitap-linux-amd64 and -arm64: the command line without Node.js, and the relay in it. */
import { statSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { buildExecutables } from "./node-executable.ts"
import { TARGETS, type Target } from "./targets.ts"

/** A copy is on every node of a cluster, and in an image. */
const BUDGET_BYTES = 6_000_000
const root = join(import.meta.dirname, "../..")
const outputOf = ({ goName }: Target) => join(root, `dist/cnitap-linux-${goName}`)

const work = join(root, "build/node-executable")
const metafile = await buildExecutables(join(root, "src/cli/main.ts"), TARGETS, outputOf, work)
writeFileSync(join(root, "build/node.meta.json"), JSON.stringify(metafile))
for (const path of TARGETS.map(outputOf)) {
  const { size } = statSync(path)
  console.error(`cnitap: ${relative(root, path)} ${(size / 1e6).toFixed(2)} MB`)
  if (size > BUDGET_BYTES) throw new Error(`${path} is over its budget of ${BUDGET_BYTES} bytes`)
}
