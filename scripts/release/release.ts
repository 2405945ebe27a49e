/**
 * Writes everything that a release has into release/: archives of the executables, the image, the npm package, the krew
 * manifest, an SBOM and the checksums. The same source gives the same bytes.
 *   npm run release [-- --base-url https://HOST/PATH]      where the files will be, for the krew manifest
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { gzipSync } from "node:zlib"
import { type TarEntry, tar } from "../build/tar.ts"
import { krewManifest, type PluginArchive } from "./krew-manifest.ts"
import { spdxDocument } from "./spdx-document.ts"

const root = join(import.meta.dirname, "../..")
const out = join(root, "release")
const { values } = parseArgs({ options: { "base-url": { type: "string", default: "." } } })
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }

rmSync(out, { recursive: true, force: true })
mkdirSync(out)
step("building everything, and the npm package", "npm", "pack", "--silent", "--pack-destination", out)
renameSync(join(out, `cnitap-${version}.tgz`), join(out, `cnitap-${version}-npm.tgz`))
step("building the image", "npm", "run", "--silent", "build:image", "--", join(out, `cnitap-${version}-image.tar`))
const archives = [...["amd64", "arm64"].map(executableArchive), scriptArchive()]
const manifest = krewManifest({ version, baseUrl: values["base-url"], archives })
writeFileSync(join(out, "cnitap.yaml"), manifest)
writeFileSync(join(out, `cnitap-${version}.spdx.json`), spdxDocument(root, version))
const files = readdirSync(out).sort()
writeFileSync(join(out, "SHA256SUMS"), files.map((file) => `${sha256(join(out, file))}  ${file}\n`).join(""))
process.stdout.write(readFileSync(join(out, "SHA256SUMS")))

function step(what: string, command: string, ...args: string[]): void {
  process.stderr.write(`cnitap: ${what}\n`)
  const { status } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] })
  if (status !== 0) throw new Error(`${what}: ${command} ${args.join(" ")} ended with ${status}`)
}

/** For nodes, and for workstations with Linux: one static file, which krew links as kubectl-cnitap. */
function executableArchive(architecture: string): PluginArchive {
  const content = readFileSync(join(root, `dist/cnitap-linux-${architecture}`))
  const name = `linux-${architecture}`
  return {
    platforms: [{ os: "linux", arch: architecture }],
    bin: "cnitap",
    ...archive(name, [{ path: "cnitap", mode: 0o755, content }]),
  }
}

/** For workstations with macOS: the script, which needs Node.js. */
function scriptArchive(): PluginArchive {
  const files = readdirSync(join(root, "dist")).filter((file) => !file.startsWith("cnitap-linux-"))
  const entries = files.map((file) => ({
    path: `dist/${file}`,
    mode: file === "cnitap.js" ? 0o755 : 0o644,
    content: readFileSync(join(root, "dist", file)),
  }))
  return {
    platforms: ["amd64", "arm64"].map((arch) => ({ os: "darwin", arch })),
    bin: "dist/cnitap.js",
    ...archive("darwin", entries),
  }
}

function archive(name: string, entries: TarEntry[]): Pick<PluginArchive, "file" | "sha256"> {
  const file = `cnitap-${version}-${name}.tar.gz`
  const licences = [
    { path: "LICENSE", mode: 0o644, content: readFileSync(join(root, "LICENSE")) },
    { path: "THIRD-PARTY-NOTICES.md", mode: 0o644, content: readFileSync(join(root, "dist/THIRD-PARTY-NOTICES.md")) },
  ]
  writeFileSync(join(out, file), gzipSync(tar([...entries, ...licences]), { level: 9 }))
  return { file, sha256: sha256(join(out, file)) }
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex")
}
