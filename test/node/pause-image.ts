import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"

/** The image of every pod sandbox; it is built here, so that nothing is pulled from a registry. */
export const PAUSE_IMAGE = "cnitap.local/pause:1"

/** Writes an OCI image with one static program as a tar archive into `directory`; returns its path. */
export function buildPauseImage(directory: string): string {
  const rootfs = join(directory, "rootfs")
  const layout = join(directory, "layout")
  const blobs = join(layout, "blobs/sha256")
  mkdirSync(rootfs, { recursive: true })
  mkdirSync(blobs, { recursive: true })
  buildPauseProgram(rootfs)
  tar(rootfs, join(directory, "layer.tar"))

  const layer = readFileSync(join(directory, "layer.tar"))
  const put = (content: Buffer | string, mediaType: string) => {
    const bytes = Buffer.from(content)
    const hash = sha256(bytes)
    writeFileSync(join(blobs, hash), bytes)
    return { mediaType: `application/vnd.oci.image.${mediaType}`, digest: `sha256:${hash}`, size: bytes.length }
  }
  const config = {
    architecture: { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch,
    os: "linux",
    config: { Entrypoint: ["/pause"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
  }
  const manifest = put(
    JSON.stringify({
      schemaVersion: 2,
      config: put(JSON.stringify(config), "config.v1+json"),
      layers: [put(gzipSync(layer), "layer.v1.tar+gzip")],
    }),
    "manifest.v1+json",
  )
  const annotations = { "io.containerd.image.name": PAUSE_IMAGE }
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] }
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }))
  writeFileSync(join(layout, "index.json"), JSON.stringify(index))
  const archive = join(directory, "pause.tar")
  tar(layout, archive)
  return archive
}

/** Compiles `/pause` of this root file system. */
export function buildPauseProgram(rootfs: string): void {
  const source = join(import.meta.dirname, "pause.c")
  execFileSync("musl-gcc", ["-Os", "-static", "-s", "-o", join(rootfs, "pause"), source], { stdio: "pipe" })
}

function tar(directory: string, archive: string): void {
  const owner = ["--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--sort=name"]
  execFileSync("tar", ["-C", directory, ...owner, "-cf", archive, "."], { stdio: "pipe" })
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex")
}
