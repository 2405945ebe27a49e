import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Metafile } from "esbuild"

/** An npm package of which something is in a bundle. */
export type BundledPackage = { name: string; version: string; license: string; text: string }

/** Sorted by name. `root`: the directory whose `node_modules` the bundle was made from. */
export function bundledPackages(metafile: Pick<Metafile, "outputs">, root: string): BundledPackage[] {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  // What was only looked at and left out by the bundler is not passed on to anyone.
  const names = inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? packageOf(path) : []))
  return [...new Set(names)].sort().map((name) => readPackage(join(root, "node_modules", name)))
}

/** Of a file below `node_modules`, the package it belongs to: the innermost. */
function packageOf(path: string): string[] {
  const name = /.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
  return name === undefined ? [] : [name]
}

function readPackage(directory: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))
  const file = readdirSync(directory).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry))
  if (file === undefined) throw new Error(`${directory} has no licence file: it cannot be bundled`)
  return { name, version, license, text: readFileSync(join(directory, file), "utf8").trim() }
}
