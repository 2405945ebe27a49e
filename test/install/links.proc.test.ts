import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { type TestContext, test } from "node:test"
import { cnitap } from "./cli.ts"
import { Node } from "./node.ts"

const RELAY = readFileSync(join(import.meta.dirname, "../../dist/relay-x86_64"))

for (const mode of ["swap", "path", "chain"])
  test(`${mode} below --root: absolute symlinks are followed inside the root, and restored`, async (t) => {
    const node = linkedNode(t)
    const before = await node.tree()
    const rooted = ["--root", node.root]
    const planned = await cnitap("plan", ...rooted, "--mode", mode, "-o", "json")
    const installed = await cnitap("install", ...rooted, "--mode", mode)
    assert.deepEqual([installed.code, installed.stderr], [0, ""])
    const { targets } = JSON.parse(planned.stdout)
    const recorded = targets.map(({ name, reason }: { name: string; reason?: string }) => `${name} ${reason ?? "ok"}`)
    assert.deepEqual(recorded, mode === "chain" ? [] : ["bridge ok", "host-local ok", "portmap ok"])
    const status = JSON.parse((await cnitap("status", ...rooted, "-o", "json")).stdout)
    const [{ state, isComplete, plugins }] = status.installs
    assert.deepEqual([state, isComplete], ["installed", true])
    for (const { path } of plugins) assert.ok(readFileSync(node.at(`/usr${path}`)).equals(RELAY), path)
    const directory = mode === "path" ? "/opt/cnitap/bin" : "/opt/cni/bin"
    for (const name of mode === "chain" ? ["bridge"] : ["bridge", "host-local", "portmap"])
      assert.equal(answer(node, `${directory}/${name}`), `{"plugin":"${name}"}`, name)
    const uninstalled = await cnitap("uninstall", ...rooted, "--purge")
    assert.deepEqual([uninstalled.code, uninstalled.stderr], [0, ""])
    assert.deepEqual(await node.tree(), before)
  })

test("below --root: a capture and its install are found through the node's absolute symlinks", async (t) => {
  const node = linkedNode(t)
  const rooted = ["--root", node.root]
  await cnitap("install", ...rooted)
  answer(node, "/opt/cni/bin/bridge")
  const { stdout, stderr } = await cnitap("ls", ...rooted, "-o", "name")
  assert.match(stdout, /^operation\/[0-9a-f]{16}\n$/)
  assert.equal(stderr, "")
})

test("below --root: a loop of symlinks is a plugin that does not exist", async (t) => {
  const node = linkedNode(t)
  rmSync(node.at("/usr/opt/cni/bin/portmap"))
  node.symlink("/usr/opt/cni/bin/other", "/usr/opt/cni/bin/portmap")
  node.symlink("/opt/cni/bin/portmap", "/usr/opt/cni/bin/other")
  const { stderr, code } = await cnitap("plan", "--root", node.root, "-o", "json")
  assert.deepEqual([code, stderr], [0, ""])
})

/** Executes it in the node's root, as a runtime would, with the directories that the relay records to. */
function answer(node: Node, path: string): string {
  const env = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_NETNS: "/var/run/netns/c1", CNI_IFNAME: "eth0" }
  return execFileSync("chroot", [node.root, path], {
    env: { PATH: process.env.PATH, ...env },
    input: `["out {\\"plugin\\":\\"${basename(path)}\\"}"]`,
  }).toString()
}

/**
 * /opt, the configurations and the capture are behind absolute symlinks, and so is a plugin, whose target has a name that
 * the machine has too.
 */
function linkedNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => node.remove())
  for (const name of ["bridge", "host-local", "portmap"]) node.plugin(name)
  node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }, { type: "portmap" }])
  node.directory("/var/lib/cnitap", 0o755)
  move(node, "/opt/cni/bin/bridge", "/bin/true")
  move(node, "/opt", "/usr/opt")
  move(node, "/etc/cni/net.d", "/usr/etc/net.d")
  move(node, "/var/lib/cnitap", "/usr/lib/cnitap")
  return node
}

function move(node: Node, path: string, target: string): void {
  mkdirSync(dirname(node.at(target)), { recursive: true })
  renameSync(node.at(path), node.at(target))
  node.symlink(target, path)
}
