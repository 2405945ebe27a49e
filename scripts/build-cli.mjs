/** Bundles the command line with its packages into dist/cnitap.js: dist/ is all that a node needs besides Node.js. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { build } from "esbuild"

const { version } = JSON.parse(readFileSync("package.json", "utf8"))

const { metafile } = await build({
  // Threads start from a file of their own.
  entryPoints: { cnitap: "src/cli/main.ts", "index-worker": "src/store/index/build/worker.ts" },
  bundle: true,
  // A command line loads the chunks of its verb only.
  splitting: true,
  chunkNames: "[name]-[hash]",
  platform: "node",
  format: "esm",
  target: "node20",
  // The other build of jsonc-parser loads its parts by computed names.
  mainFields: ["module", "main"],
  // Packages that are CommonJS ask for require.
  banner: {
    js: `#!/usr/bin/env node\nimport { createRequire as _require } from "node:module"; const require = _require(import.meta.url);`,
  },
  plugins: [{ name: "version", setup: onlyTheVersion }],
  outdir: "dist",
  metafile: true,
  logLevel: "error",
})
mkdirSync("build", { recursive: true })
writeFileSync("build/cli.meta.json", JSON.stringify(metafile))

/** Of our package.json the command line wants the version; the rest of it would make every bundle differ. */
function onlyTheVersion(bundler) {
  bundler.onLoad({ filter: /\/package\.json$/ }, ({ path }) =>
    path === `${process.cwd()}/package.json` ? { contents: JSON.stringify({ version }), loader: "json" } : undefined,
  )
}
