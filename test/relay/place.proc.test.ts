import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { Stand } from "./stand.ts"

function standWithPlugin(t: TestContext): Stand {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.add("plugin", ["echo", "exit 3"])
  stand.wrap("plugin")
  stand.configure()
  return stand
}

function run(command: string, args: string[], options: { cwd?: string; argv0?: string } = {}) {
  const env = { CNI_COMMAND: "ADD", PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }
  const { stdout, stderr, status } = spawnSync(command, args, { env, input: "{}", ...options })
  return { stdout: String(stdout), stderr: String(stderr), status }
}

const SEEN = { stdout: "{}", stderr: "", status: 3 }

test("in a chroot without /proc, as thick Multus runs its delegates", (t) => {
  const stand = standWithPlugin(t)
  stand.configure({ capture: "/capture" })
  assert.deepEqual(run("chroot", [stand.root, "/bin/plugin"]), SEEN)
  assert.deepEqual(
    stand.begins().map(({ path, plugin }) => [path, plugin]),
    [["/bin/plugin", "plugin"]],
  )
})

test("the plugin directory mounted at another path, as a pod sees the host's", (t) => {
  const stand = standWithPlugin(t)
  const elsewhere = join(stand.root, "host/opt/cni")
  mkdirSync(elsewhere, { recursive: true })
  renameSync(stand.bin, join(elsewhere, "bin"))
  assert.deepEqual(run(join(elsewhere, "bin/plugin"), []), SEEN)
  assert.equal(stand.begins()[0]?.path, join(elsewhere, "bin/plugin"))
})

test("by a relative path, and by a path through a symlinked directory", (t) => {
  const stand = standWithPlugin(t)
  assert.deepEqual(run("./plugin", [], { cwd: stand.bin, argv0: join(stand.bin, "plugin") }), SEEN)
  symlinkSync(stand.bin, join(stand.root, "link"))
  assert.deepEqual(run(join(stand.root, "link/plugin"), []), SEEN)
  assert.deepEqual(
    stand.begins().map(({ path }) => path),
    ["./plugin", join(stand.root, "link/plugin")],
  )
})

test("by a symlink in another directory with another name, like a multi-call binary", (t) => {
  const stand = standWithPlugin(t)
  stand.add("bridge", ["out I am bridge"])
  stand.wrap("bridge")
  const shims = join(stand.root, "shims")
  mkdirSync(shims)
  symlinkSync(join(stand.bin, "bridge"), join(shims, "bridge"))
  cpSync(join(stand.bin, "bridge.json"), join(shims, "bridge.json"))
  assert.deepEqual(run(join(shims, "bridge"), []), { stdout: "I am bridge", stderr: "", status: 0 })
  assert.equal(stand.begins()[0]?.plugin, "bridge")
})

test("a plugin that is a script", (t) => {
  const stand = standWithPlugin(t)
  spawnSync("sh", ["-c", `printf '#!/bin/sh\\ncat\\nexit 3\\n' > ${stand.real}/plugin`])
  assert.deepEqual(run(join(stand.bin, "plugin"), []), SEEN)
  assert.deepEqual(
    stand.ends().map(({ exit }) => exit),
    [{ code: 3 }],
  )
})

test("setuid, by a user's symlink: the originals next to the relay are used, not those next to the link", (t) => {
  const stand = standWithPlugin(t)
  chmodSync(stand.root, 0o755)
  chmodSync(join(stand.bin, "plugin"), 0o4755)
  const theirs = join(stand.root, "theirs")
  mkdirSync(join(theirs, ".cnitap/real"), { recursive: true })
  for (const name of ["plugin", "plugin.json"]) symlinkSync(join(stand.bin, name), join(theirs, name))
  writeFileSync(join(theirs, ".cnitap/real/plugin"), "#!/bin/sh\nid -u\n", { mode: 0o755 })
  assert.deepEqual(run("setpriv", ["--reuid=65534", "--clear-groups", join(theirs, "plugin")]), SEEN)
  assert.equal(stand.begins()[0]?.path, join(stand.bin, "plugin"))
})

test("as the first process of its own PID namespace", (t) => {
  const stand = standWithPlugin(t)
  assert.deepEqual(run("unshare", ["--pid", join(stand.bin, "plugin")]), SEEN)
})
