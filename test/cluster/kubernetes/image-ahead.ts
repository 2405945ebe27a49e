import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { buildExecutables } from "../../../scripts/build/node-executable.ts"
import { ociArchive } from "../../../scripts/build/oci-image.ts"
import { TARGETS } from "../../../scripts/build/targets.ts"

export const AHEAD_IMAGE = "docker.io/library/cnitap:ahead"

/**
 * Writes an archive of an image whose cnitap has a clock that is ten minutes ahead, and returns its path. All nodes of a
 * machine have the clock of its kernel: a time namespace has a monotonic clock of its own only.
 */
export async function writeImageAhead(directory: string): Promise<string> {
  const goName = process.arch === "arm64" ? "arm64" : "amd64"
  const ahead = join(import.meta.dirname, "clock-ahead.c")
  const targets = TARGETS.filter((target) => target.goName === goName).map((target) => ({
    ...target,
    link: ["-Wl,--wrap=clock_gettime", ahead, ...target.link],
  }))
  const executable = join(directory, "cnitap-ahead")
  const main = join(import.meta.dirname, "../../../src/cli/main.ts")
  await buildExecutables(main, targets, () => executable, join(directory, "ahead"))
  const path = join(directory, "ahead.tar")
  const layers = { [goName]: [{ path: "cnitap", mode: 0o755, content: readFileSync(executable) }] }
  const config = { Entrypoint: ["/cnitap"], Env: ["PATH=/"], WorkingDir: "/", Labels: {} }
  writeFileSync(path, ociArchive({ name: AHEAD_IMAGE, layers, config }))
  return path
}
