import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import { krewManifest } from "../../scripts/release/krew-manifest.ts"
import { spdxDocument } from "../../scripts/release/spdx-document.ts"

const ROOT = join(import.meta.dirname, "../..")

test("the krew manifest names an archive and its checksum for each platform", () => {
  const manifest = parse(
    krewManifest({
      version: "1.2.3",
      baseUrl: "https://example.com/v1.2.3",
      archives: [
        { platforms: [{ os: "linux", arch: "amd64" }], bin: "cnitap", file: "a.tar.gz", sha256: "aa" },
        { platforms: [{ os: "darwin", arch: "arm64" }], bin: "dist/cnitap.js", file: "b.tar.gz", sha256: "bb" },
      ],
    }),
  )
  const { description, caveats, shortDescription, ...spec } = manifest.spec
  assert.deepEqual(
    { ...manifest, spec },
    {
      apiVersion: "krew.googlecontainertools.github.com/v1alpha2",
      kind: "Plugin",
      metadata: { name: "cnitap" },
      spec: {
        version: "v1.2.3",
        platforms: [
          {
            selector: { matchLabels: { os: "linux", arch: "amd64" } },
            uri: "https://example.com/v1.2.3/a.tar.gz",
            sha256: "aa",
            bin: "cnitap",
          },
          {
            selector: { matchLabels: { os: "darwin", arch: "arm64" } },
            uri: "https://example.com/v1.2.3/b.tar.gz",
            sha256: "bb",
            bin: "dist/cnitap.js",
          },
        ],
      },
    },
  )
  // The index shows it in a table.
  assert.ok(shortDescription.length <= 50, shortDescription)
  assert.ok(description && caveats)
})

test("the SBOM has every bundled package and every compiled source once, with a licence", () => {
  const document = JSON.parse(spdxDocument(ROOT, "1.2.3"))
  const packages: { SPDXID: string; name: string; licenseDeclared: string; versionInfo: string }[] = document.packages
  const names = packages.map(({ name }) => name)
  for (const name of ["cnitap", "commander", "hono", "preact", "uplot", "yaml", "qjs-src", "musl-dev", "zlib"])
    assert.ok(names.includes(name), name)
  assert.equal(new Set(packages.map(({ SPDXID }) => SPDXID)).size, packages.length)
  assert.deepEqual(
    packages.filter(({ licenseDeclared, versionInfo }) => !licenseDeclared || !versionInfo),
    [],
  )
  assert.equal(document.relationships.length, packages.length)
})
