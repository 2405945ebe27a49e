/** Bundles the command line into dist/cnitap.js; npm packages stay outside. */
import { existsSync } from "node:fs"
import { build } from "esbuild"

const entry = "src/cli/main.ts"
if (existsSync(entry)) {
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    packages: "external",
    banner: { js: "#!/usr/bin/env node" },
    outfile: "dist/cnitap.js",
    logLevel: "error",
  })
}
