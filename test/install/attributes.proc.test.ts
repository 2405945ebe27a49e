import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { capturing, cnitap, within } from "./cli.ts"
import { Node } from "./node.ts"

/** A label is kept by a kernel without SELinux too, as any other attribute. */
const ATTRIBUTES = {
  "user.origin": "vendor",
  "trusted.checksum": "4711",
  "security.selinux": "system_u:object_r:container_runtime_exec_t:s0",
}
const PROGRAM = join(import.meta.dirname, "../../dist/cnitap.js")
const LIST = "/etc/cni/net.d/10-pods.conflist"

for (const mode of ["swap", "chain", "path"])
  test(`${mode}: relays and lists have owner, mode, label and attributes of the original; undo restores them, with times`, async (t) => {
    const node = labelledNode(t)
    const before = await node.tree()
    assert.match(before["/opt/cni/bin/bridge"] ?? "", /^100750 1000:1000 \d+250000000 .* security\.selinux=.* user\./)
    const installed = await cnitap("install", ...capturing(node), "--mode", mode)
    assert.deepEqual([installed.code, installed.stderr], [0, ""])
    const during = await node.tree()
    const made = mode === "swap" ? "/opt/cni/bin/bridge" : mode === "chain" ? LIST : "/opt/cnitap/bin/bridge"
    const like = mode === "chain" ? LIST : "/opt/cni/bin/bridge"
    assert.notEqual(during[made], before[like])
    assert.equal(attributesOf(during[made]), attributesOf(before[like]))
    assert.equal((await cnitap("uninstall", ...within(node), "--purge")).code, 0)
    assert.deepEqual(await node.tree(), before)
  })

test("a list from which only the probes are removed keeps owner, mode, label and attributes", async (t) => {
  const node = labelledNode(t)
  const { [LIST]: before } = await node.tree()
  await cnitap("install", ...capturing(node), "--mode", "chain")
  const edited = readFileSync(node.at(LIST), "utf8")
  writeFileSync(node.at(LIST), edited.replace('"name": "pods"', '"name": "other"'))
  assert.equal((await cnitap("uninstall", ...within(node))).code, 0)
  const { [LIST]: after } = await node.tree()
  assert.equal(attributesOf(after), attributesOf(before))
})

test("without GNU cp: one sentence names the files without attributes, and undo restores the originals", async (t) => {
  const node = labelledNode(t)
  const before = await node.tree()
  for (const [mode, files] of [
    ["swap", ["bridge", "host-local", "portmap"].map((name) => join(node.bin, name)).join(", ")],
    ["chain", `${node.bin}/cni_pre, ${node.bin}/cni_post, ${node.at(LIST)}`],
  ] as const) {
    const { status, stdout } = withOtherCp(node, "install", ...capturing(node), "--mode", mode)
    assert.equal(status, 0)
    assert.equal(
      /^WARNING\n(.*)\n\n/ms.exec(stdout)?.[1],
      `  without the extended attributes of the original, such as its SELinux label: ${files} (GNU cp is needed, and this machine has another one or none)`,
    )
    assert.equal(withOtherCp(node, "uninstall", ...within(node), "--purge").status, 0)
    assert.deepEqual(await node.tree(), before, mode)
  }
})

test("without GNU cp: a list that another program changed is named, because undo edits a copy of it", async (t) => {
  const node = labelledNode(t)
  withOtherCp(node, "install", ...capturing(node), "--mode", "chain")
  const list = node.at(LIST)
  writeFileSync(list, readFileSync(list, "utf8").replace('"name": "pods"', '"name": "other"'))
  const { status, stdout } = withOtherCp(node, "uninstall", ...within(node))
  assert.equal(status, 0)
  assert.ok(
    stdout.includes(
      `${list} was changed by another program; only the probes were removed; has lost its extended attributes, such as a SELinux label: GNU cp is needed, and this machine has another one or none\n`,
    ),
    stdout,
  )
})

/** Owner, mode and extended attributes, without time and content. */
function attributesOf(entry = ""): string {
  const [mode, owner, , , ...attributes] = entry.split(" ")
  return [mode, owner, ...attributes].join(" ")
}

/** Runs cnitap where `cp` is that of a minimal image, which does not know these options. */
function withOtherCp(node: Node, ...args: string[]): { status: number | null; stdout: string } {
  const bin = `${node.root}-bin`
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, "cp"), "#!/bin/sh\necho \"cp: unrecognized option '--preserve=all'\" >&2\nexit 1\n", {
    mode: 0o755,
  })
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, ...args], { env: { PATH: bin }, encoding: "utf8" })
  rmSync(bin, { recursive: true })
  return { status, stdout }
}

function labelledNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => node.remove())
  const given = { owner: 1000, mode: 0o750, attributes: ATTRIBUTES }
  for (const name of ["bridge", "host-local", "portmap"]) node.plugin(name, undefined, given)
  const plugins = [{ type: "bridge", ipam: { type: "host-local" } }, { type: "portmap" }]
  node.list("10-pods.conflist", plugins, {}, { owner: 1000, mode: 0o640, attributes: ATTRIBUTES })
  for (const directory of [node.binDir, node.confDir]) node.label(directory, ATTRIBUTES)
  return node
}
