import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { bundledPackages } from "../../scripts/build/bundled-package.ts"

const root = join(import.meta.dirname, "../..")
const dist = join(root, "dist")
const home = mkdtempSync(join(tmpdir(), "cnitap-pack-"))
const installed = join(home, "prefix/node_modules/cnitap")
const packageJson = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

before(() => {
  const options = { stdio: "pipe", env: { PATH: process.env.PATH, HOME: home } } as const
  // dist/ was built before the tests; prepack would build it again.
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", home], { ...options, cwd: root })
  const prefix = join(home, "prefix")
  mkdirSync(prefix)
  writeFileSync(join(prefix, "package.json"), "{}")
  const tarball = join(home, `cnitap-${packageJson.version}.tgz`)
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", tarball], { ...options, cwd: prefix })
  execFileSync("chmod", ["-R", "go+rX", home])
})
after(() => rmSync(home, { recursive: true, force: true }))

test("the package holds what was built, the documents, the schemas and the example, and nothing else", () => {
  const files = [
    "CHANGELOG.md",
    "FORMAT.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "package.json",
    "examples/README.md",
    "examples/failed-pod.cnitap",
    ...["dist", "docs/schema"].flatMap((folder) => filesBelow(join(root, folder)).map((name) => `${folder}/${name}`)),
  ]
  // With Node.js the executables, which need none, would only make it larger.
  const packed = files.filter((name) => !name.startsWith("dist/cnitap-linux-"))
  assert.deepEqual(filesBelow(installed).sort(), packed.sort())
  for (const name of ["cnitap.js", "page.html", "relay-aarch64", "relay-x86_64", "THIRD-PARTY-NOTICES.md"])
    assert.ok(statSync(join(installed, "dist", name)).size > 0)
})

test("installing it runs nothing and installs nothing else", () => {
  const { dependencies, optionalDependencies, peerDependencies, scripts } = packageJson
  assert.deepEqual([dependencies, optionalDependencies, peerDependencies], [undefined, undefined, undefined])
  const hooks = ["preinstall", "install", "postinstall", "prepare", "prepublish"]
  assert.deepEqual(
    hooks.filter((name) => name in scripts),
    [],
  )
  assert.deepEqual(
    readdirSync(join(home, "prefix/node_modules")).filter((name) => !name.startsWith(".")),
    ["cnitap"],
  )
})

test("installed, it says its version and reads the example, as a user without rights", () => {
  assert.deepEqual(asNobody("--version"), { stdout: `${packageJson.version}\n`, stderr: "", status: 0 })
  const { stdout, stderr, status } = asNobody(
    "explain",
    "shop/web-2",
    "--from",
    join(installed, "examples/failed-pod.cnitap"),
  )
  assert.deepEqual([/^ADD shop\/web-2 failed /.test(stdout), stderr, status], [true, "", 0])
})

test("the licence of every bundled and linked work goes with it", () => {
  const titles = [...readFileSync(join(dist, "THIRD-PARTY-NOTICES.md"), "utf8").matchAll(/^### (.+)$/gm)].map(
    ([, title]) => title,
  )
  const bundled = ["cli", "page", "node"].flatMap((name) =>
    bundledPackages(JSON.parse(readFileSync(join(root, `build/${name}.meta.json`), "utf8")), root),
  )
  assert.ok(bundled.length > 5)
  assert.deepEqual(titles, [
    ...bundled.map(({ name, version }) => `${name} ${version}`),
    "zlib",
    "BPF program of `cnitap observe`",
    "QuickJS-ng",
    "Unicode Character Database",
    "musl",
    "libgcc",
  ])
  const page = readFileSync(join(dist, "page.html"), "utf8")
  const inPage = bundledPackages(JSON.parse(readFileSync(join(root, "build/page.meta.json"), "utf8")), root)
  assert.deepEqual(
    inPage.filter(({ name, version }) => !page.includes(`${name} ${version}\n\n`)),
    [],
  )
})

test("nothing that was built names the directory it was built in", () => {
  const naming = filesBelow(dist).filter((name) => readFileSync(join(dist, name)).includes(`${root}/`))
  assert.deepEqual(naming, [])
})

function asNobody(...args: string[]): { stdout: string; stderr: string; status: number | null } {
  const isRoot = process.getuid?.() === 0
  const { stdout, stderr, status } = spawnSync(join(home, "prefix/node_modules/.bin/cnitap"), args, {
    cwd: "/",
    env: { PATH: process.env.PATH, HOME: "/nonexistent" },
    encoding: "utf8",
    ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
  })
  return { stdout, stderr, status }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
}
