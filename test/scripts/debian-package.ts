import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** Builds a Debian package with these files, by path, as the file `deb`; returns its SHA-256. */
export function buildPackage(deb: string, name: string, files: Record<string, string>): string {
  const tree = mkdtempSync(join(tmpdir(), "cnitap-deb-"))
  const control = `Package: ${name}\nVersion: 1.0\nArchitecture: all\nMaintainer: x\nDescription: x\n`
  for (const [path, text] of Object.entries({ ...files, "DEBIAN/control": control })) {
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), text)
  }
  mkdirSync(dirname(deb), { recursive: true })
  try {
    execFileSync("dpkg-deb", ["--build", "--root-owner-group", tree, deb], { stdio: "ignore" })
  } finally {
    rmSync(tree, { recursive: true })
  }
  return createHash("sha256").update(readFileSync(deb)).digest("hex")
}
