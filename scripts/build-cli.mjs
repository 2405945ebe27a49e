/**
 * Bundles the command line with its packages into dist/cnitap.js and chunks beside it: dist/ is all that a node needs
 * besides Node.js. Starting up is most of what a short command costs, so a verb's chunks are loaded when it is named, and
 * they are CommonJS: Node.js loads an ECMAScript module several times slower, and a built-in one, imported, in full.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { build, transform } from "esbuild"

const TARGET = { platform: "node", target: "node20" }
const CHUNK = /-[0-9A-Z]{8}\.js$/

const { version } = JSON.parse(readFileSync("package.json", "utf8"))

// esbuild splits ECMAScript modules only; each chunk is then made CommonJS.
const { outputFiles, metafile } = await build({
  ...TARGET,
  // Threads start from a file of their own.
  entryPoints: { cnitap: "src/cli/main.ts", "index-worker": "src/store/index/build/worker.ts" },
  bundle: true,
  splitting: true,
  chunkNames: "[name]-[hash]",
  format: "esm",
  // The other build of jsonc-parser loads its parts by computed names.
  mainFields: ["module", "main"],
  plugins: [{ name: "version", setup: onlyTheVersion }],
  outdir: "dist",
  minifySyntax: true,
  minifyWhitespace: true,
  write: false,
  metafile: true,
  logLevel: "error",
})
mkdirSync("dist", { recursive: true })
for (const name of readdirSync("dist").filter((name) => CHUNK.test(name))) rmSync(`dist/${name}`)
for (const { path, text } of outputFiles) writeFileSync(path, await toCommonJs(text, path.endsWith("/cnitap.js")))
// package.json says that .js files are ECMAScript modules.
writeFileSync("dist/package.json", '{ "type": "commonjs" }\n')
mkdirSync("build", { recursive: true })
writeFileSync("build/cli.meta.json", JSON.stringify(metafile))

async function toCommonJs(module, isProgram) {
  const hasUrl = module.includes("import.meta.url")
  const { code } = await transform(module, {
    ...TARGET,
    format: "cjs",
    minifySyntax: true,
    minifyWhitespace: true,
    supported: { "dynamic-import": false },
    define: { "import.meta.url": "moduleUrl" },
    banner: hasUrl ? 'const moduleUrl=require("node:url").pathToFileURL(__filename).href;' : "",
  })
  return `${isProgram ? "#!/usr/bin/env node\n" : ""}${code}`
}

/** Of our package.json the command line wants the version; the rest of it would make every bundle differ. */
function onlyTheVersion(bundler) {
  bundler.onLoad({ filter: /\/package\.json$/ }, ({ path }) =>
    path === `${process.cwd()}/package.json` ? { contents: JSON.stringify({ version }), loader: "json" } : undefined,
  )
}
