/** An OCI image as one file: https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
import { createHash } from "node:crypto"
import { gzipSync } from "node:zlib"
import { type TarEntry, tar } from "./tar.ts"

export type Image = {
  /** the full reference: docker.io/library/cnitap:0.1.0 */
  name: string
  /** by architecture, in Go's names, the files of its only layer */
  layers: Record<string, TarEntry[]>
  config: { Entrypoint: string[]; Env: string[]; WorkingDir: string; Labels: Record<string, string> }
}

type Descriptor = { mediaType: string; digest: string; size: number }

/**
 * The layout of an image for several architectures, as a tar archive that ctr, podman and skopeo (`oci-archive:`) read.
 * Reproducible: the archive contains no time, user or path of the machine that built it.
 */
export function ociArchive({ name, layers, config }: Image): Buffer {
  const blobs = new Map<string, Buffer>()
  const add = (mediaType: string, content: Buffer | object): Descriptor => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content))
    const digest = sha256(bytes)
    blobs.set(digest, bytes)
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length }
  }
  const manifests = Object.entries(layers).map(([architecture, entries]) => {
    const layer = tar(entries)
    const image = {
      architecture,
      os: "linux",
      config,
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: add("application/vnd.oci.image.config.v1+json", image),
      layers: [add("application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(layer, { level: 9 }))],
    }
    return { ...add(manifest.mediaType, manifest), platform: { architecture, os: "linux" } }
  })
  const index = { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests }
  const annotations = {
    "io.containerd.image.name": name,
    "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
  }
  const top = { schemaVersion: 2, manifests: [{ ...add(index.mediaType, index), annotations }] }
  return tar([
    { path: "oci-layout", mode: 0o644, content: JSON.stringify({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", mode: 0o644, content: JSON.stringify(top) },
    ...[...blobs].map(([digest, content]) => ({ path: `blobs/sha256/${digest}`, mode: 0o644, content })),
  ])
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex")
}
