/**
 * Bundles the command line with its packages into dist/cnitap.js and files beside it: dist/ is all that a node needs
 * besides Node.js. Starting costs a short command more than its work does (`npm run bench:startup`). Therefore:
 * - a verb's code is loaded when the verb is named: esbuild splits at each `import()`;
 * - chunks that are loaded together are one file, because each file costs as much as parsing some kilobytes;
 * - files are CommonJS: Node.js loads ECMAScript modules more slowly, and with a built-in one all that is lazy in it.
 */
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { basename } from "node:path"
import { build, transform } from "esbuild"
import {
  hashOfRules,
  onlyTheVersion,
  withoutExecutableSubcommands,
  withoutSideEffects,
  yamlAsModules,
} from "./bundling.mjs"

const OUTPUT = {
  platform: "node",
  target: "node20",
  minifySyntax: true,
  minifyWhitespace: true,
  supported: { "dynamic-import": false },
  define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
}

const { outputFiles, metafile } = await build({
  // Threads start from a file of their own.
  entryPoints: { cnitap: "src/cli/main.ts", "index-worker": "src/store/index/build/worker.ts" },
  bundle: true,
  splitting: true,
  // esbuild splits ECMAScript modules only.
  format: "esm",
  platform: "node",
  target: "node20",
  // The other build of jsonc-parser loads its parts by computed names.
  mainFields: ["module", "main"],
  plugins: [
    { name: "version", setup: onlyTheVersion },
    { name: "rules", setup: hashOfRules },
    { name: "sources", setup: withoutSideEffects },
    { name: "subcommands", setup: withoutExecutableSubcommands },
    { name: "yaml", setup: yamlAsModules },
  ],
  outdir: "dist",
  write: false,
  metafile: true,
  logLevel: "error",
})
const modules = new Map(outputFiles.map(({ path, text }) => [basename(path), text]))
const merged = mergedChunks()

mkdirSync("dist", { recursive: true })
for (const name of readdirSync("dist")) if (/-[0-9A-Z]{8}\.js$/.test(name)) rmSync(`dist/${name}`)
for (const [file, chunks] of Object.entries(merged)) write(file, await bundled(chunks))
for (const [name, module] of modules) {
  if (Object.values(merged).some((chunks) => chunks.includes(name))) continue
  const { code } = await transform(module, { ...OUTPUT, format: "cjs" })
  write(name, name === "cnitap.js" ? `#!/usr/bin/env node\n${code}` : code)
}
// kubectl starts it by a symlink of the name kubectl-cnitap.
chmodSync("dist/cnitap.js", 0o755)
// package.json says that .js files are ECMAScript modules.
writeFileSync("dist/package.json", '{ "type": "commonjs" }\n')
mkdirSync("build", { recursive: true })
writeFileSync("build/cli.meta.json", JSON.stringify(metafile))

/** `start.js` is what every verb loads, `read.js` what `ls` and thereby most verbs that read a capture load besides. */
function mergedChunks() {
  const [program, commandLine, ls, plan] = ["main", "command-line", "verbs/ls", "verbs/plan"].map((source) => {
    const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === `src/cli/${source}.ts`)
    return loadedBy(basename(found[0]))
  })
  const shared = [...modules.keys()].filter(
    (name) => !metafile.outputs[`dist/${name}`].entryPoint && !program.has(name),
  )
  const start = shared.filter((name) => commandLine.has(name) || (ls.has(name) && plan.has(name)))
  return { "start.js": start, "read.js": shared.filter((name) => ls.has(name) && !start.includes(name)) }
}

/** The file and what it imports, directly and indirectly. */
function loadedBy(name, loaded = new Set()) {
  loaded.add(name)
  for (const { path, kind, external } of metafile.outputs[`dist/${name}`].imports)
    if (kind === "import-statement" && !external && !loaded.has(basename(path))) loadedBy(basename(path), loaded)
  return loaded
}

/** One file that exports each chunk as an object. */
async function bundled(chunks) {
  const fromMemory = (bundler) => {
    bundler.onResolve({ filter: /^\.\// }, ({ path }) =>
      chunks.includes(basename(path)) ? { path: basename(path), namespace: "chunk" } : { path, external: true },
    )
    bundler.onLoad({ filter: /./, namespace: "chunk" }, ({ path }) => ({ contents: modules.get(path), loader: "js" }))
  }
  const { outputFiles } = await build({
    ...OUTPUT,
    stdin: { contents: chunks.map((name) => `export * as ${exportName(name)} from "./${name}"`).join("\n") },
    bundle: true,
    format: "cjs",
    plugins: [{ name: "chunks", setup: fromMemory }],
    write: false,
  })
  return outputFiles[0].text
}

/** Chunks that were merged are required from the file that they are in. */
function write(name, code) {
  const text = code.replace(/require\("\.\/([^"]+)"\)/g, (whole, chunk) => {
    const file = Object.keys(merged).find((candidate) => merged[candidate].includes(chunk))
    return file ? `require("./${file}").${exportName(chunk)}` : whole
  })
  writeFileSync(`dist/${name}`, text)
}

function exportName(chunk) {
  return chunk.replace(/\W/g, "_")
}
