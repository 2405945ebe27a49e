/** Bundles the command line with its packages into dist/cnitap.js: dist/ is all that a node needs besides Node.js. */
import { existsSync } from "node:fs"
import { build } from "esbuild"

const entry = "src/cli/main.ts"
if (existsSync(entry)) {
  await build({
    // Threads start from a file of their own.
    entryPoints: { cnitap: entry, "index-worker": "src/store/index/worker.ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // The other build of jsonc-parser loads its parts by computed names.
    mainFields: ["module", "main"],
    // Packages that are CommonJS ask for require.
    banner: {
      js: `#!/usr/bin/env node\nimport { createRequire as _require } from "node:module"; const require = _require(import.meta.url);`,
    },
    outdir: "dist",
    logLevel: "error",
  })
}
