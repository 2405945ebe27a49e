import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { bundledPackages } from "../../scripts/build/bundled-package.ts"

test("packages of which something was bundled, each once, with their licences", (t) => {
  const root = mkdtempSync(join(tmpdir(), "cnitap-packages-"))
  t.after(() => rmSync(root, { recursive: true }))
  const add = (name: string, licence: string | undefined) => {
    const directory = join(root, "node_modules", name)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, "package.json"), JSON.stringify({ name, version: "1.2.3", license: "MIT" }))
    if (licence !== undefined) writeFileSync(join(directory, licence), ` terms of ${name}\n`)
  }
  add("yaml", "LICENSE")
  add("@hono/node-server", "license.md")
  add("looked-at", undefined)
  add("yaml/node_modules/unlicensed", undefined)
  const bundle = (bytes: Record<string, number>) => ({
    outputs: {
      "dist/a.js": {
        bytes: 1,
        imports: [],
        exports: [],
        inputs: Object.fromEntries(Object.entries(bytes).map(([path, bytesInOutput]) => [path, { bytesInOutput }])),
      },
    },
  })
  const inputs = {
    "src/cli/main.ts": 5,
    "node_modules/yaml/browser/index.js": 7,
    "node_modules/yaml/dist/doc.js": 7,
    "node_modules/@hono/node-server/dist/index.mjs": 1,
    "node_modules/looked-at/index.js": 0,
  }
  assert.deepEqual(bundledPackages(bundle(inputs), root), [
    { name: "@hono/node-server", version: "1.2.3", license: "MIT", text: "terms of @hono/node-server" },
    { name: "yaml", version: "1.2.3", license: "MIT", text: "terms of yaml" },
  ])
  assert.throws(() => bundledPackages(bundle({ "node_modules/yaml/node_modules/unlicensed/index.js": 1 }), root), {
    message: `${root}/node_modules/yaml/node_modules/unlicensed has no licence file: it cannot be bundled`,
  })
})
