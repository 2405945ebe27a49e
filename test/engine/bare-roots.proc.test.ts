import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { copyFileSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { writeCalls } from "../cli/written-capture.ts"
import { Node } from "../install/node.ts"
import { Arm64Namespace } from "./arm64-namespace.ts"
import { NODE_EXECUTABLE } from "./node-executable.ts"

const EXAMPLE = join(import.meta.dirname, "../../examples/failed-pod.cnitap")
const ARM64 = join(import.meta.dirname, "../../dist/cnitap-linux-arm64")
const ENV = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_NETNS: "/var/run/netns/c1", CNI_IFNAME: "eth0" }

const MODES = ["swap", "path", "chain"]

for (const mode of MODES)
  test(`${mode}: installs, reads and uninstalls in a root with nothing but the executable and plugins`, (t) => {
    const node = bareNode(t)
    return installAndUninstall(node, mode, ["chroot", node.root])
  })

test("the same for arm64 under qemu-user, in each mode", { skip: process.arch !== "x64" }, async (t) => {
  const namespace = await Arm64Namespace.start()
  t.after(() => namespace.stop())
  for (const mode of MODES) {
    const node = bareNode(t, ARM64)
    namespace.prepare(node.root)
    await installAndUninstall(node, mode, namespace.chroot(node.root))
  }
})

/** `chroot`: the command line that runs a program in the root. */
async function installAndUninstall(node: Node, mode: string, chroot: readonly string[]): Promise<void> {
  const [command = "", ...prefix] = chroot
  const within = (...args: string[]) =>
    spawnSync(command, [...prefix, "/cnitap", ...args], { encoding: "utf8", env: { PATH: process.env.PATH } })
  const before = await node.tree()
  const installed = within("install", "--mode", mode)
  assert.deepEqual([installed.status, installed.stderr], [0, ""])
  const recorded =
    mode === "path" ? "/opt/cnitap/bin/bridge" : mode === "chain" ? "/opt/cni/bin/cni_pre" : "/opt/cni/bin/bridge"
  assert.equal(machineOf(node.at(recorded)), machineOf(node.at("/cnitap")))
  const { status } = spawnSync(command, [...prefix, recorded], {
    env: { PATH: process.env.PATH, ...ENV },
    input: '["out {}"]',
  })
  assert.equal(status, 0)
  if (mode !== "chain") {
    const { stdout } = within("ls", "-o", "jsonpath={.items[*].command}")
    assert.equal(stdout, "ADD")
  }
  assert.equal(within("status").status, 0)
  const { status: undone, stderr } = within("uninstall", "--purge")
  assert.deepEqual([undone, stderr], [0, ""])
  assert.deepEqual(await node.tree(), before)
}

test("a root without /proc: every reading verb reads a live capture with a call in flight", (t) => {
  const node = bareNode(t)
  writeCalls(node.at("/capture"), [
    { id: "0a".repeat(8), pod: "web-1", wallMs: Date.now() - 9000, durationMs: 30 },
    { id: "0b".repeat(8), pod: "web-2", wallMs: Date.now() - 5000, isOpen: true },
  ])
  for (const args of [
    ["ls"],
    ["ps"],
    ["tail"],
    ["stats"],
    ["ledger"],
    ["lint"],
    ["show", "web-1"],
    ["explain", "web-2"],
  ]) {
    const { stderr, status } = within(node, ...args, "--capture", "/capture")
    assert.ok(status === 0 || status === 1, `${args}: ${stderr}`)
  }
})

test("a read-only root: a bundle is read, and install says what is in its way", (t) => {
  const node = bareNode(t)
  copyFileSync(EXAMPLE, node.at("/example.cnitap"))
  const { stdout, stderr, status } = spawnSync("unshare", ["--mount", "sh", "-c", READ_ONLY, "sh", node.root], {
    encoding: "utf8",
  })
  assert.deepEqual([status, stdout], [5, "ADD ADD ADD ADD DEL ADD DEL DEL DEL\n"])
  assert.match(stderr, /^cnitap: .*read-only file system.*\.\n$/)
})

const READ_ONLY = `
mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 99
chroot "$1" /cnitap ls --from /example.cnitap -o 'jsonpath={.items[*].command}'
echo
chroot "$1" /cnitap install
`

test("the executable for arm64 prints the same, under qemu-user", () => {
  for (const args of [
    ["ls", "-o", "wide"],
    ["explain", "web-2"],
    ["stats", "-o", "json"],
    ["lint", "-o", "json"],
  ]) {
    const [one, other] = [
      spawnSync("qemu-aarch64", [ARM64, ...args, "--from", EXAMPLE], { encoding: "utf8" }),
      spawnSync(NODE_EXECUTABLE, [...args, "--from", EXAMPLE], { encoding: "utf8" }),
    ]
    assert.notEqual(other.stdout, "")
    assert.deepEqual([one.stdout, one.stderr, one.status], [other.stdout, other.stderr, other.status])
  }
})

/** The number of the machine in the header of an ELF executable. */
function machineOf(path: string): number {
  return readFileSync(path).readUInt16LE(18)
}

/** Plugins with owners, modes and attributes of their own, a list, and the executable. */
function bareNode(t: TestContext, executable = NODE_EXECUTABLE): Node {
  const node = new Node()
  t.after(() => node.remove())
  for (const name of ["bridge", "host-local"]) node.delete(`${node.binDir}/${node.plugin(name).split("/").at(-1)}.json`)
  node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }])
  copyFileSync(executable, node.at("/cnitap"))
  return node
}

function within(node: Node, ...args: string[]) {
  return spawnSync("chroot", [node.root, "/cnitap", ...args], { encoding: "utf8", env: { PATH: process.env.PATH } })
}
