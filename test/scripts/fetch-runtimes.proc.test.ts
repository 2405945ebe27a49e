import assert from "node:assert/strict"
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { run } from "../cli/cnitap.ts"
import { buildPackage } from "./debian-package.ts"

const SCRIPTS = join(import.meta.dirname, "../../scripts/fetch")
const fileOf = (version: string) => `pool/main/p/podman/podman_${version}_all.deb`

/** A checkout that pins podman 1.0, and an archive that has the version `available`, as an index says it. */
function checkout(t: TestContext, available: string) {
  const root = mkdtempSync(join(tmpdir(), "cnitap-fetch-"))
  t.after(() => rmSync(root, { recursive: true }))
  const [scripts, archive, apt] = [join(root, "scripts/fetch"), join(root, "archive"), join(root, "apt")]
  mkdirSync(scripts, { recursive: true })
  for (const name of ["fetch-runtimes.sh", "debian-archive.sh"]) copyFileSync(join(SCRIPTS, name), join(scripts, name))
  const sha256 = buildPackage(join(archive, fileOf(available)), "podman", { "usr/bin/podman": available })
  writeFileSync(join(scripts, "runtimes.lock"), `# pins\npodman-1 podman any all ${fileOf("1.0")} ${sha256}\n`)
  // In the place of a suite's signed index.
  mkdirSync(apt)
  writeFileSync(join(apt, "apt-get"), `#!/bin/sh\n[ ! -e ${root}/no-index ]\n`, { mode: 0o755 })
  const index = `Filename: ${fileOf(available)}\\nSHA256: ${sha256}\\n`
  writeFileSync(join(apt, "apt-cache"), `#!/bin/sh\nprintf '${index}'\n`, { mode: 0o755 })
  const fetch = (DEBIAN_MIRROR = `file://${archive}`) =>
    run(join(scripts, "fetch-runtimes.sh"), [], { env: { DEBIAN_MIRROR, PATH: `${apt}:${process.env.PATH}` } })
  return { root, archive, fetch, program: join(root, "build/runtimes/podman-1/usr/bin/podman") }
}

test("what is pinned is fetched once", async (t) => {
  const { fetch, program } = checkout(t, "1.0")
  assert.deepEqual(await fetch(), { stdout: "", stderr: "cnitap: fetching podman_1.0_all.deb\n", code: 0 })
  assert.equal(readFileSync(program, "utf8"), "1.0")
  assert.deepEqual(await fetch("file:///nowhere"), { stdout: "", stderr: "", code: 0 })
})

test("a suite that has moved on: its present version is tested with, and that is reported", async (t) => {
  const { fetch, program } = checkout(t, "1.1")
  const { stderr, code } = await fetch()
  assert.deepEqual(
    [stderr.split("\n"), code],
    [
      [
        "cnitap: fetching podman_1.0_all.deb",
        "cnitap: any no longer has podman_1.0_all.deb: the tests use podman_1.1_all.deb (pin it: scripts/fetch/fetch-runtimes.sh --pin)",
        "cnitap: fetching podman_1.1_all.deb",
        "",
      ],
      0,
    ],
  )
  assert.equal(readFileSync(program, "utf8"), "1.1")
})

test("an archive that fails to answer once is asked again", async (t) => {
  const { root, fetch, program } = checkout(t, "1.1")
  const script = `#!/bin/sh\n[ -e ${root}/asked ] || { touch ${root}/asked; exit 100; }\n`
  writeFileSync(join(root, "apt/apt-get"), script, { mode: 0o755 })
  assert.equal((await fetch()).code, 0)
  assert.equal(readFileSync(program, "utf8"), "1.1")
})

test("without an archive nothing is skipped: the message names the package, the suite and the way forward", async (t) => {
  const { root, archive, fetch } = checkout(t, "1.0")
  rmSync(archive, { recursive: true })
  writeFileSync(join(root, "no-index"), "")
  const { stderr, code } = await fetch()
  assert.match(stderr, /File not found/)
  assert.ok(
    stderr.endsWith(`cnitap: cannot fetch podman_1.0_all.deb of Debian's any from file://${archive}, which the tests of podman-1 need
Set DEBIAN_MIRROR to an archive that has it: Debian's snapshot archive, or a copy of yours.
`),
    stderr,
  )
  assert.deepEqual([code, existsSync(join(root, "build/runtimes/podman-1"))], [1, false])
})
