import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { Validator as JsonSchemaValidator } from "jsonschema"
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
        { platforms: [{ os: "linux", arch: "amd64" }], bin: "cnitap", file: "a.tar.gz", sha256: "aa".repeat(32) },
        {
          platforms: [{ os: "darwin", arch: "arm64" }],
          bin: "dist/cnitap.js",
          file: "b.tar.gz",
          sha256: "bb".repeat(32),
        },
      ],
    }),
  )
  const { description: _description, caveats: _caveats, shortDescription: _short, ...spec } = manifest.spec
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
            sha256: "aa".repeat(32),
            bin: "cnitap",
          },
          {
            selector: { matchLabels: { os: "darwin", arch: "arm64" } },
            uri: "https://example.com/v1.2.3/b.tar.gz",
            sha256: "bb".repeat(32),
            bin: "dist/cnitap.js",
          },
        ],
      },
    },
  )
  const { errors } = new JsonSchemaValidator().validate(manifest, KREW_SCHEMA)
  assert.deepEqual(errors.map(String), [])
})

/** What krew and the checks of its index require: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest */
const object = (properties: Record<string, object>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
})
const text = { type: "string", pattern: "^(.{1,80}\\n)+$" }
const KREW_SCHEMA = object({
  apiVersion: { const: "krew.googlecontainertools.github.com/v1alpha2" },
  kind: { const: "Plugin" },
  metadata: object({ name: { type: "string", pattern: "^[\\w-]+$" } }),
  spec: object({
    version: { type: "string", pattern: "^v\\d+\\.\\d+\\.\\d+(-[0-9A-Za-z.-]+)?$" },
    // A column of `kubectl krew search`.
    shortDescription: { type: "string", pattern: "^.{1,50}$" },
    description: text,
    caveats: text,
    platforms: {
      type: "array",
      minItems: 1,
      items: object({
        selector: object({
          matchLabels: object({ os: { enum: ["linux", "darwin", "windows"] }, arch: { enum: ["amd64", "arm64"] } }),
        }),
        uri: { type: "string", pattern: "^https://.*\\.(tar\\.gz|zip)$" },
        sha256: { type: "string", pattern: "^[a-f0-9]{64}$" },
        bin: { type: "string", pattern: "^[^/]" },
      }),
    },
  }),
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
