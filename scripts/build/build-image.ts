/**
 * Builds the container image of both architectures without docker: the executable, the licences, and nothing else.
 *   node --import tsx scripts/build/build-image.ts [OUT.tar]
 */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ociArchive } from "./oci-image.ts"

const MAX_BYTES = 8 * 1024 * 1024
const root = join(import.meta.dirname, "../..")
const { version, license, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string
  license: string
  description: string
}
const out = process.argv[2] ?? join(root, "dist/cnitap-image.tar")

const layers = Object.fromEntries(
  ["amd64", "arm64"].map((architecture) => {
    const executable = join(root, `dist/cnitap-linux-${architecture}`)
    if (!existsSync(executable)) throw new Error(`${executable} is missing: build it first`)
    return [
      architecture,
      [
        { path: "cnitap", mode: 0o755, content: readFileSync(executable) },
        { path: "licenses/LICENSE", mode: 0o644, content: readFileSync(join(root, "LICENSE")) },
        {
          path: "licenses/THIRD-PARTY-NOTICES.md",
          mode: 0o644,
          content: readFileSync(join(root, "dist/THIRD-PARTY-NOTICES.md")),
        },
      ],
    ]
  }),
)
const archive = ociArchive({
  // What `cnitap:VERSION` means to a container runtime.
  name: `docker.io/library/cnitap:${version}`,
  layers,
  config: {
    Entrypoint: ["/cnitap"],
    Env: ["PATH=/"],
    WorkingDir: "/",
    Labels: {
      "org.opencontainers.image.title": "cnitap",
      "org.opencontainers.image.description": description,
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.licenses": license,
    },
  },
})
writeFileSync(out, archive)
// It has one layer per architecture; a node pulls one.
const perNode = archive.length / Object.keys(layers).length
if (perNode > MAX_BYTES) throw new Error(`the image has ${perNode} bytes per architecture; the limit is ${MAX_BYTES}`)
console.log(`cnitap: ${out} has ${(statSync(out).size / 2 ** 20).toFixed(1)} MiB`)
