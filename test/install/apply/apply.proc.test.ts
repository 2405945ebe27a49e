import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { apply } from "../../../src/install/apply/apply.ts"
import { type Disk, nodeDisk } from "../../../src/install/disk/disk.ts"
import { type RelayFile, readRelay, sha256 } from "../../../src/install/disk/relay-file.ts"
import { runProgram } from "../../../src/install/disk/run-program.ts"
import type { InstallOptions } from "../../../src/install/plan/install-options.ts"
import { takeInventory } from "../../../src/install/plan/inventory.ts"
import { planInstall } from "../../../src/install/plan/plan.ts"
import { undo } from "../../../src/install/undo/undo.ts"
import { capturing, cnitap, within } from "../cli.ts"
import { call, Node } from "../node.ts"
import { factsOf } from "../plan/facts.ts"

test("a newer relay replaces an older one, and uninstall recognizes both", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const bytes = Buffer.concat([readRelay().bytes, Buffer.from("older")])
  const older: RelayFile = { bytes, sizeBytes: bytes.length, sha256: sha256(bytes) }
  install(node, { relay: older })
  assert.ok(readFileSync(join(node.bin, "bridge")).equals(bytes))
  assert.equal((await cnitap("install", ...capturing(node))).code, 0)
  assert.ok(readFileSync(join(node.bin, "bridge")).equals(readRelay().bytes))
  assert.equal(await call(join(node.bin, "bridge")), '0 {"plugin":"bridge"}')
  assert.deepEqual(
    node.names("/var/lib/cnitap/capture").length,
    1,
    "one call was made, and the trials are not in the capture",
  )
  await cnitap("uninstall", ...within(node), "--purge")
  assert.deepEqual(await node.tree(), before)
})

const BROKEN: [string, string, number, string][] = [
  ["whose interpreter is missing", "#!/usr/bin/nopython\n", 2, "it requires /usr/bin/nopython, which does not exist"],
  ["that is not a program", "this is no program", 8, 'it is not a program: it begins with "this is no progr"'],
]

test("observe: the calls of a plugin that cannot run are not recorded, and the plan says so", async (t) => {
  const node = plainNode(t)
  node.file("/opt/cni/bin/portmap", "#!/usr/bin/nopython\n", { mode: 0o755 })
  const { warnings } = JSON.parse((await cnitap("plan", ...capturing(node), "--mode", "observe", "-o", "json")).stdout)
  assert.equal(
    warnings[0],
    "portmap cannot run on this node: it requires /usr/bin/nopython, which does not exist; its calls fail and are not recorded, because no program runs",
  )
})

for (const [what, text, errno, why] of BROKEN) {
  for (const mode of ["swap", "path"]) {
    test(`${mode}: a plugin ${what} is named, and its failures are recorded`, async (t) => {
      const node = plainNode(t)
      node.file("/opt/cni/bin/portmap", text, { mode: 0o755 })
      const before = await node.tree()
      const flags = [...capturing(node), "--mode", mode]
      const { warnings } = JSON.parse((await cnitap("plan", ...flags, "-o", "json")).stdout)
      const warning = `portmap cannot run on this node: ${why}; its calls fail with and without the relay, and are recorded`
      assert.equal(warnings[0], warning)
      const { code, stdout } = await cnitap("install", ...flags)
      assert.deepEqual([code, stdout.includes(`WARNING\n  ${warning}\n`)], [0, true])
      const failure = await call(join(mode === "swap" ? node.bin : node.at("/opt/cnitap/bin"), "portmap"))
      assert.match(failure, /^1 /)
      // The error object is on stdout, the line on stderr.
      assert.match(
        failure,
        /\{"code":0,"msg":"netplugin failed with no error message: fork\/exec \S+portmap: [a-z ]+"\}\n/,
      )
      assert.match(failure, /cnitap: cannot execute \S+portmap: [a-z ]+\n/)
      const [segment = ""] = node.names("/var/lib/cnitap/capture")
      const records = readFileSync(node.at(`/var/lib/cnitap/capture/${segment}`), "utf8")
        .split("\n")
        .filter(Boolean)
      assert.deepEqual(JSON.parse(records.at(-1) ?? "").exit, { errno })
      await cnitap("uninstall", ...within(node), "--purge")
      assert.deepEqual(await node.tree(), before)
    })
  }
}

test("a plugin whose VERSION replies differ: refused with both replies, and the install is rolled back", async (t) => {
  const node = plainNode(t)
  node.file("/opt/cni/bin/portmap", "#!/bin/sh\necho $$\n", { mode: 0o755 })
  const before = await node.tree()
  const { code, stdout, stderr } = await cnitap("install", ...capturing(node))
  assert.deepEqual([code, stdout], [5, ""])
  assert.match(
    stderr,
    /^cnitap: VERSION of portmap differs through the relay: exit 0 "\d+\\n" instead of exit 0 "\d+\\n"\. /,
  )
  assert.deepEqual(await node.tree(), before)
})

test("a relay whose VERSION reply differs from the plugin's: refused with both replies, and rolled back", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const script = Buffer.from("#!/bin/sh\necho '{}'\n")
  const relay: RelayFile = { bytes: script, sizeBytes: script.length, sha256: sha256(script) }
  assert.throws(() => install(node, { relay }), {
    message: `VERSION of bridge differs through the relay: exit 0 "{}\\n" instead of exit 0 "{\\"plugin\\":\\"bridge\\"}"`,
  })
  assert.deepEqual(await node.tree(), before)
})

test("a step fails during a reinstall: the previous install continues with its own settings", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node), "--plugins", "bridge")
  const installed = await node.tree()
  node.file("/opt/cni/bin/portmap", "#!/bin/sh\necho $$\n", { mode: 0o755 })
  const { code } = await cnitap("install", ...capturing(node), "--raw")
  assert.equal(code, 5)
  const settings = JSON.parse(readFileSync(join(node.bin, ".cnitap/relay.json"), "utf8"))
  assert.equal(settings.raw, false)
  const after = await node.tree()
  for (const path of ["/opt/cni/bin/bridge", "/opt/cni/bin/host-local", "/opt/cni/bin/.cnitap/real/bridge"])
    assert.equal(after[path], installed[path])
  assert.equal((await cnitap("status", ...within(node))).code, 0)
})

test("a full file system: refused with a message, and rolled back", async (t) => {
  const node = mountedNode(t, "size=3m")
  const before = await node.tree()
  const { code, stdout, stderr } = await cnitap("install", ...capturing(node))
  assert.deepEqual([code, stdout], [5, ""])
  assert.match(stderr, /^cnitap: no space left on device: cannot write \S+\. Free some space and try again\.\n$/)
  assert.deepEqual(await node.tree(), before)
})

test("noexec and read-only mounts are detected before anything is changed", async (t) => {
  const node = mountedNode(t, "noexec")
  const noexec = await cnitap("install", ...capturing(node))
  assert.equal(
    noexec.stderr,
    `cnitap: ${node.bin} is on a file system mounted noexec. Use --mode path, which does not change the plugin directory.\n`,
  )
  execFileSync("mount", ["-o", "remount,ro,exec", node.bin])
  const readOnly = await cnitap("install", ...capturing(node))
  assert.equal(
    readOnly.stderr,
    `cnitap: ${node.bin} is on a read-only file system. Use --mode path, which does not change the plugin directory.\n`,
  )
  assert.equal((await cnitap("install", ...capturing(node), "--mode", "path")).code, 0)
  assert.equal(await call(node.at("/opt/cnitap/bin/bridge"), { CNI_COMMAND: "ADD" }, '["out hello"]'), "0 hello")
  assert.equal((await cnitap("uninstall", ...within(node))).code, 0)
})

test("a file system without hard links: copies with all attributes, and an exact restore", async (t) => {
  const node = plainNode(t)
  node.plugin("bridge", undefined, { owner: 1000, mode: 0o750, attributes: { "user.origin": "vendor" } })
  const before = await node.tree()
  const disk: Disk = {
    ...nodeDisk("/", runProgram),
    link() {
      throw Object.assign(new Error("EPERM"), { code: "EPERM" })
    },
  }
  install(node, { disk })
  assert.equal(await call(join(node.bin, "bridge")), '0 {"plugin":"bridge"}')
  const around = { confDirs: [node.at(node.confDir)], binDirs: [node.bin], drain: () => [] }
  undo(disk, node.bin, around)
  node.delete("/var/lib/cnitap")
  assert.deepEqual(await node.tree(), before)
})

test("two plugin directories: each plugin is replaced where the runtime finds it first, each directory has its own journal", async (t) => {
  const node = plainNode(t)
  const second = node.at("/usr/libexec/cni")
  node.file("/usr/libexec/cni/portmap", readFileSync(join(node.bin, "portmap")), { mode: 0o755 })
  node.file("/usr/libexec/cni/portmap.json", '["drain"]')
  node.file("/usr/libexec/cni/bridge", readFileSync(join(node.bin, "bridge")), { mode: 0o755 })
  node.delete("/opt/cni/bin/portmap")
  const before = await node.tree()
  const both = [...within(node), "--bin-dir", second]
  await cnitap("install", ...both, "--capture", node.at("/var/lib/cnitap/capture"))
  assert.deepEqual(node.names("/opt/cni/bin/.cnitap/real"), ["bridge", "host-local"])
  assert.deepEqual(node.names("/usr/libexec/cni/.cnitap/real"), ["portmap"])
  assert.equal((await cnitap("status", ...both)).code, 0)
  await cnitap("uninstall", ...both)
  assert.deepEqual(await node.tree(), before)
})

test("a list that is a symlink is edited at the symlink's path and restored as the same symlink", async (t) => {
  const node = plainNode(t)
  node.delete("/etc/cni/net.d/10-pods.conflist")
  node.file("/etc/cni/lists/pods", '{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"bridge"}]}')
  node.symlink("../lists/pods", "/etc/cni/net.d/10-pods.conflist")
  const before = await node.tree()
  await cnitap("install", ...capturing(node), "--mode", "chain")
  assert.match(readFileSync(node.at("/etc/cni/net.d/10-pods.conflist"), "utf8"), /cni_pre/)
  await cnitap("uninstall", ...within(node))
  assert.deepEqual(await node.tree(), before)
})

test("uninstalled with probes left, then installed again in any mode: uninstall removes both installs completely", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const copy = () => node.file("/etc/cni/net.d/20-copy.json", '{"name":"copy","type":"cni_pre"}')
  for (const mode of ["chain", "swap"]) {
    await cnitap("install", ...capturing(node), "--mode", "chain")
    copy()
    assert.match((await cnitap("uninstall", ...within(node))).stdout, /cni_pre, named by \S+20-copy\.json/)
    assert.equal((await cnitap("install", ...capturing(node), "--mode", mode)).code, 0)
    node.delete("/etc/cni/net.d/20-copy.json")
    await cnitap("uninstall", ...within(node))
    assert.deepEqual(await node.tree(), before, mode)
  }
})

function install(node: Node, { relay = readRelay(), disk = nodeDisk("/", runProgram) }): void {
  const options: InstallOptions = {
    mode: "swap",
    shimDir: node.at("/opt/cnitap/bin"),
    force: false,
    settings: { capture: node.at("/var/lib/cnitap/capture"), raw: false, onlyFailures: false },
  }
  const facts = factsOf(node.at(node.confDir), [node.bin])
  const planNow = () => planInstall(takeInventory(disk, facts, options), options, relay.sha256).changes
  const around = { confDirs: [node.at(node.confDir)], binDirs: [node.bin], drain: () => [] }
  apply(disk, relay, { mode: "swap", settings: options.settings, wallMs: 0 }, planNow(), planNow, around)
}

function plainNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => node.remove())
  return furnished(node)
}

/** A node whose plugin directory is a separate file system. */
function mountedNode(t: TestContext, options: string): Node {
  const node = new Node()
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", node.bin])
  t.after(() => {
    execFileSync("umount", [node.bin])
    node.remove()
  })
  return furnished(node)
}

function furnished(node: Node): Node {
  for (const name of ["bridge", "host-local", "portmap"]) node.plugin(name)
  node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }, { type: "portmap" }])
  return node
}
