import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { run } from "../cli/cnitap.ts"
import { buildPackage } from "./debian-package.ts"

const SCRIPTS = join(import.meta.dirname, "../../scripts/fetch")
const FILE = "pool/main/q/quickjs-ng/qjs-src_1.0_all.deb"
const ENGINE = "usr/src/quickjs-ng"
const SOURCES = { "quickjs.c": "int a;\n", "quickjs.h": "int b;\n" }

/** A checkout that pins a package of two files, and an archive that has it. */
function checkout(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), "cnitap-fetch-"))
  t.after(() => rmSync(root, { recursive: true }))
  const [scripts, archive] = [join(root, "scripts/fetch"), join(root, "archive")]
  mkdirSync(scripts, { recursive: true })
  for (const name of ["fetch-engine.sh", "debian-archive.sh"]) copyFileSync(join(SCRIPTS, name), join(scripts, name))
  const deb = join(archive, FILE)
  const files = Object.entries(SOURCES).map(([name, text]) => [join(ENGINE, name), text])
  const pinned = buildPackage(deb, "qjs-src", Object.fromEntries(files))
  const lock = (sha256: string) =>
    writeFileSync(join(scripts, "engine.lock"), `# pins\nqjs-src any amd64 ${FILE} ${sha256} ${treeHash()}\n`)
  lock(pinned)
  const fetch = (env: Record<string, string> = {}) =>
    run(join(scripts, "fetch-engine.sh"), [], { env: { DEBIAN_MIRROR: `file://${archive}`, ...env } })
  return { root, deb, lock, fetch, engine: join(root, "build/qjs-src", ENGINE) }
}

function writeTree(directory: string): void {
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(directory, name), text)
}

/** As `sha256sum` lists the files, sorted. */
function treeHash(): string {
  return sha256(
    Object.entries(SOURCES)
      .map(([name, text]) => `${sha256(text)}  ./${name}\n`)
      .join(""),
  )
}

function sha256(bytes: string | Buffer): string {
  return createHash("sha256").update(bytes).digest("hex")
}

const WAYS = `Either
  - set DEBIAN_MIRROR to an archive that still has ${FILE}: Debian's snapshot archive, or a copy of yours, or
  - set QUICKJS_NG to a source tree of the same QuickJS-ng, if it is qjs-src that cannot be had, or
  - move to the version of any: scripts/fetch/fetch-engine.sh --pin, then npm test, and commit scripts/fetch/engine.lock.
`

test("what is pinned is fetched once, and then verified in silence", async (t) => {
  const { fetch, engine } = checkout(t)
  assert.deepEqual(await fetch(), { stdout: "", stderr: "cnitap: fetching qjs-src_1.0_all.deb\n", code: 0 })
  assert.equal(readFileSync(join(engine, "quickjs.c"), "utf8"), SOURCES["quickjs.c"])
  assert.deepEqual(await fetch({ DEBIAN_MIRROR: "file:///nowhere" }), { stdout: "", stderr: "", code: 0 })
})

test("a tree that was changed since is not compiled", async (t) => {
  const { fetch, engine } = checkout(t)
  await fetch()
  appendFileSync(join(engine, "quickjs.h"), "int c;\n")
  const { stderr, code } = await fetch()
  assert.deepEqual(
    [stderr.replace(/found {5}[0-9a-f]{64}/, "found     HASH"), code],
    [
      `cnitap: build/qjs-src is not qjs-src_1.0_all.deb, which scripts/fetch/engine.lock pins
  expected  ${treeHash()}
  found     HASH
Remove build/qjs-src to have it fetched again.
`,
      1,
    ],
  )
})

test("a file of the same name with another content is refused, and the ways forward are named", async (t) => {
  const { lock, fetch, root } = checkout(t)
  const other = sha256("other")
  lock(other)
  const { stderr, code } = await fetch()
  assert.match(stderr, /Hash Sum mismatch/)
  assert.ok(
    stderr.endsWith(`cnitap: cannot fetch qjs-src_1.0_all.deb from file://${root}/archive
  pinned    qjs-src_1.0_all.deb, SHA-256 ${other}
${WAYS}`),
    stderr,
  )
  assert.deepEqual([code, existsSync(join(root, "build/qjs-src"))], [1, false])
})

test("an archive that no longer has the file: the same", async (t) => {
  const { fetch, deb } = checkout(t)
  rmSync(deb)
  const { stderr, code } = await fetch()
  assert.match(stderr, /File not found/)
  assert.ok(stderr.endsWith(WAYS), stderr)
  assert.equal(code, 1)
})

test("QUICKJS_NG: the pinned sources are taken in silence, others are reported", async (t) => {
  const { fetch, root } = checkout(t)
  const other = join(root, "upstream")
  writeTree(other)
  // What is not compiled makes no difference: an upstream tree has more files than the package.
  writeFileSync(join(other, "run-test262.c"), "int main;\n")
  assert.deepEqual(await fetch({ QUICKJS_NG: other }), { stdout: "", stderr: "", code: 0 })
  writeFileSync(join(other, "quickjs.c"), "int z;\n")
  assert.deepEqual(await fetch({ QUICKJS_NG: other }), {
    stdout: "",
    stderr: `cnitap: QUICKJS_NG=${other} is not the pinned engine (qjs-src_1.0_all.deb): this relay is not the released one\n`,
    code: 0,
  })
  assert.equal(existsSync(join(root, "build/qjs-src")), false)
})
