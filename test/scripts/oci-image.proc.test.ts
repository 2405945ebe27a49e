import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { gunzipSync } from "node:zlib"
import { ociArchive } from "../../scripts/build/oci-image.ts"

const program = Buffer.alloc(1000, 7)
const image = {
  name: "docker.io/library/cnitap:1.2.3",
  layers: {
    amd64: [
      { path: "licenses/LICENSE", mode: 0o644, content: "Apache" },
      { path: "cnitap", mode: 0o755, content: program },
    ],
    arm64: [{ path: "cnitap", mode: 0o755, content: "arm" }],
  },
  config: { Entrypoint: ["/cnitap"], Env: ["PATH=/"], WorkingDir: "/", Labels: {} },
}

test("an image layout that tar unpacks, whose digests and sizes are right, the same each time", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-image-"))
  t.after(() => rmSync(directory, { recursive: true }))
  const archive = ociArchive(image)
  assert.ok(
    archive.equals(ociArchive({ ...image, layers: { ...image.layers, amd64: image.layers.amd64.toReversed() } })),
  )
  writeFileSync(join(directory, "image.tar"), archive)
  execFileSync("tar", ["-xf", "image.tar"], { cwd: directory })
  const blob = ({ digest, size }: { digest: string; size: number }) => {
    const bytes = readFileSync(join(directory, "blobs", digest.replace(":", "/")))
    assert.deepEqual([createHash("sha256").update(bytes).digest("hex"), bytes.length], [digest.slice(7), size])
    return bytes
  }
  assert.deepEqual(JSON.parse(readFileSync(join(directory, "oci-layout"), "utf8")), { imageLayoutVersion: "1.0.0" })
  const { manifests } = JSON.parse(readFileSync(join(directory, "index.json"), "utf8"))
  assert.deepEqual(
    manifests.map(({ annotations }: { annotations: object }) => annotations),
    [{ "io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": "1.2.3" }],
  )
  const index = JSON.parse(String(blob(manifests[0])))
  assert.deepEqual(
    index.manifests.map(({ platform }: { platform: object }) => platform),
    [
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux" },
    ],
  )
  const manifest = JSON.parse(String(blob(index.manifests[0])))
  const layer = gunzipSync(blob(manifest.layers[0]))
  const config = JSON.parse(String(blob(manifest.config)))
  assert.deepEqual(config.rootfs.diff_ids, [`sha256:${createHash("sha256").update(layer).digest("hex")}`])
  assert.deepEqual([config.architecture, config.config], ["amd64", image.config])
  const files = join(directory, "files")
  execFileSync("mkdir", [files])
  execFileSync("tar", ["-xf", "-", "-C", files], { input: layer })
  assert.deepEqual(readdirSync(files, { recursive: true }).sort(), ["cnitap", "licenses", "licenses/LICENSE"])
  assert.ok(readFileSync(join(files, "cnitap")).equals(program))
  const { mode, mtimeMs, uid } = statSync(join(files, "cnitap"))
  assert.deepEqual([mode & 0o7777, mtimeMs, uid], [0o755, 0, 0])
})
