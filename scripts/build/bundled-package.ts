import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Metafile } from "esbuild"

/** An npm package of which something is in a bundle. */
export type BundledPackage = { name: string; version: string; license: string; text: string }

/** Sorted by where they are. `root`: the directory that the paths of the bundle's inputs are relative to. */
export function bundledPackages(metafile: Pick<Metafile, "outputs">, root: string): BundledPackage[] {
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  // What the bundler only looked at and left out is not passed on to anyone.
  const directories = inputs.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? packageOf(path) : []))
  return [...new Set(directories)].sort().map((directory) => readPackage(join(root, directory)))
}

/** Directory of the package that a file belongs to: the innermost one. */
function packageOf(path: string): string[] {
  const directory = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
  return directory === undefined ? [] : [directory]
}

function readPackage(directory: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))
  const file = readdirSync(directory).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry))
  if (file === undefined) throw new Error(`${directory} has no licence file: it cannot be bundled`)
  return { name, version, license, text: readFileSync(join(directory, file), "utf8").trim() }
}
