import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { capturing, cnitap, within } from "./cli.ts"
import { call, Node } from "./node.ts"

const CAPTURE = "/var/lib/cnitap/capture"
const LIST = "/etc/cni/net.d/10-pods.conflist"
const RELAY = readFileSync(join(import.meta.dirname, "../../dist/relay-x86_64"))

const UNINSTALLED: Readonly<Record<string, string[]>> = {
  swap: [
    "uninstalled from /opt/cni/bin",
    "  /opt/cni/bin/portmap is as it was",
    "  /opt/cni/bin/host-local is as it was",
    "  /opt/cni/bin/bridge is as it was",
  ],
  chain: [
    "uninstalled from /opt/cni/bin",
    "  /etc/cni/net.d/10-pods.conflist is as it was",
    "  /opt/cni/bin/cni_post is removed",
    "  /opt/cni/bin/cni_pre is removed",
  ],
  path: [
    "uninstalled from /opt/cnitap/bin",
    "  /opt/cnitap/bin/portmap is removed",
    "  /opt/cnitap/bin/host-local is removed",
    "  /opt/cnitap/bin/bridge is removed",
  ],
}

for (const mode of ["swap", "chain", "path"]) {
  test(`${mode}: install, status, install again without a change, uninstall without a trace`, async (t) => {
    const node = plainNode(t)
    const before = await node.tree()
    const installed = await cnitap("install", ...capturing(node), "--mode", mode)
    assert.deepEqual([installed.code, installed.stderr], [0, ""])
    const whole = await node.tree()
    const again = await cnitap("install", ...capturing(node), "--mode", mode)
    assert.match(again.stdout, /^nothing to do, already installed: /)
    assert.deepEqual(await node.tree(), whole)
    const status = await cnitap("status", ...within(node), "-o", "json")
    assert.equal(status.code, 0)
    const [install] = JSON.parse(status.stdout).installs
    assert.deepEqual(
      [Date.parse(install.installedAt), Date.parse(install.changedAt)],
      [install.installedMs, install.changedMs],
    )
    assert.deepEqual(
      [install.mode, install.state, install.isComplete, install.plugins.map(({ name }: { name: string }) => name)],
      [mode, "installed", true, mode === "chain" ? ["cni_pre", "cni_post"] : ["bridge", "host-local", "portmap"]],
    )
    const { code, stdout } = await cnitap("uninstall", ...within(node))
    assert.equal(code, 0)
    assert.deepEqual(stdout.replaceAll(node.at("/"), "/").trim().split("\n"), UNINSTALLED[mode])
    assert.deepEqual(await node.tree(), before)
    assert.deepEqual(await cnitap("uninstall", ...within(node)), {
      code: 6,
      stdout: `nothing is installed in ${node.bin}, ${node.at("/opt/cnitap/bin")}\n`,
      stderr: "",
    })
    assert.equal((await cnitap("status", ...within(node))).code, 6)
  })
}

for (const [mode, home] of [
  ["swap", "/opt/cni/bin"],
  ["path", "/opt/cnitap/bin"],
] as const) {
  test(`${mode}: a plugin that is a script causes a warning with the $0 that it will see`, async (t) => {
    const node = plainNode(t)
    node.file("/opt/cni/bin/portmap", '#!/bin/sh\ncase $CNI_COMMAND in VERSION) echo {};; *) echo "$0";; esac\n', {
      mode: 0o755,
    })
    const own = node.at(`${home}/.cnitap/real/portmap`)
    const warning = `portmap is a script and will see ${own} as $0; exclude it with --plugins if it reads files next to itself`
    const planned = JSON.parse((await cnitap("plan", ...capturing(node), "--mode", mode, "-o", "json")).stdout)
    assert.deepEqual(planned.warnings, [warning])
    assert.deepEqual(
      planned.targets.flatMap(({ name, isScript }: { name: string; isScript?: true }) => (isScript ? [name] : [])),
      ["portmap"],
    )
    assert.ok((await cnitap("plan", ...capturing(node), "--mode", mode)).stdout.includes(`WARNING\n  ${warning}\n`))
    assert.equal((await cnitap("install", ...capturing(node), "--mode", mode)).code, 0)
    assert.equal(await call(node.at(`${home}/portmap`)), `0 ${own}\n`)
    const again = JSON.parse((await cnitap("plan", ...capturing(node), "--mode", mode, "-o", "json")).stdout)
    assert.deepEqual([again.warnings, again.changes], [[warning], []])
  })
}

test("calls are recorded; the capture is accessible to root only, and is kept unless --purge is given", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  await cnitap("install", ...capturing(node))
  assert.equal(await call(join(node.bin, "bridge")), '0 {"plugin":"bridge"}')
  const tree = await node.tree()
  assert.match(tree[CAPTURE] ?? "", /^40700 /)
  const [segment = ""] = node.names(CAPTURE)
  assert.match(segment, /^calls-/)
  const { stdout } = await cnitap("uninstall", ...within(node))
  assert.match(stdout, /THE CAPTURE STAYS \(--purge removes it\)\n {2}.*\/capture\n$/)
  assert.deepEqual(node.names(CAPTURE), [segment])
  await cnitap("install", ...capturing(node))
  const purged = await cnitap("uninstall", ...within(node), "--purge")
  assert.ok(purged.stdout.includes(`PURGED\n  ${node.at(CAPTURE)}/${segment}\n`))
  assert.deepEqual(await node.tree(), before)
})

test("--purge also removes indexes of readers, and keeps foreign files", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  await cnitap("install", ...capturing(node))
  await call(join(node.bin, "bridge"))
  const [segment = ""] = node.names(CAPTURE)
  // The second and third are left by a reader that is killed while it writes an index.
  for (const name of [".calls-20260101T00.jsonl.index", `.${segment}.index.4711`, ".calls-20260101T00.jsonl.index.1"])
    node.file(join(CAPTURE, name), "")
  const foreign = [".calls-20260101T00.jsonl.index.bak", "calls-notes.jsonl", "notes"]
  for (const name of foreign) node.file(join(CAPTURE, name), "")
  await cnitap("uninstall", ...within(node), "--purge")
  assert.deepEqual(node.names(CAPTURE), foreign)
  for (const name of foreign) node.delete(join(CAPTURE, name))
  await cnitap("install", ...capturing(node))
  await cnitap("uninstall", ...within(node), "--purge")
  assert.deepEqual(await node.tree(), before)
})

test("other settings change nothing but relay.json, which has --for, --sample, --max-size, --only-failures and --raw", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node))
  const before = await node.tree()
  const flags = ["--for", "2h", "--sample", "1/10", "--max-size", "64MiB", "--only-failures", "--raw"]
  await cnitap("install", ...capturing(node), ...flags)
  const after = await node.tree()
  const changed = Object.keys(after).filter((path) => after[path] !== before[path])
  assert.deepEqual(changed, ["/opt/cni/bin/.cnitap/journal.jsonl", "/opt/cni/bin/.cnitap/relay.json"])
  const { untilMs, ...settings } = JSON.parse(readFileSync(join(node.bin, ".cnitap/relay.json"), "utf8"))
  assert.deepEqual(settings, {
    format: 1,
    capture: node.at(CAPTURE),
    raw: true,
    onlyFailures: true,
    sampleOneIn: 10,
    maxSizeBytes: 64 * 1024 * 1024,
  })
  assert.ok(untilMs > Date.now() + 7_100_000 && untilMs < Date.now() + 7_300_000)
  const status = JSON.parse((await cnitap("status", ...within(node), "-o", "json")).stdout)
  const { until, ...printed } = status.installs[0].settings
  assert.deepEqual([Date.parse(until), printed.untilMs], [untilMs, untilMs])
})

test("after expiry, relays only pass calls on, and the next verb restores the files", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  await cnitap("install", ...capturing(node), "--for", "1ms")
  assert.equal(await call(join(node.bin, "bridge")), '0 {"plugin":"bridge"}')
  assert.deepEqual(node.names(CAPTURE), [])
  const { code, stdout, stderr } = await cnitap("status", ...within(node))
  assert.equal(code, 6)
  assert.match(
    stderr,
    /^cnitap: the capture in .*\/opt\/cni\/bin ended at 20.* UTC; its files are as they were before\n$/,
  )
  assert.match(stdout, /^nothing is installed/)
  assert.deepEqual(await node.tree(), before)
})

test("a dry run prints the steps, --diff the edit of the list, and nothing is changed", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const plan = await cnitap("plan", ...capturing(node), "--mode", "chain")
  const dry = await cnitap("install", "--dry-run", ...capturing(node), "--mode", "chain")
  assert.deepEqual(dry, plan)
  assert.match(plan.stdout, /STEPS\n {3}1 {2}create directory/)
  const { stdout } = await cnitap("plan", ...capturing(node), "--mode", "chain", "--diff")
  assert.ok(stdout.includes('   "plugins": [\n+    { "type": "cni_pre" },\n     {\n       "type": "bridge",'))
  const json = JSON.parse((await cnitap("plan", ...capturing(node), "-o", "json")).stdout)
  assert.deepEqual(
    [
      json.kind,
      json.mode,
      json.refusals,
      json.changes.length,
      json.otherModes.map(({ mode }: { mode: string }) => mode),
    ],
    ["Plan", "swap", [], 1, ["path", "chain", "observe"]],
  )
  assert.deepEqual(await node.tree(), before)
})

test("a plugin that needs the files beside it: swap is refused before a pod notices, path records it", async (t) => {
  const node = plainNode(t)
  withLibrary(node, "bridge")
  const before = await node.tree()
  const swap = await cnitap("install", ...capturing(node))
  assert.deepEqual(
    { ...swap, stderr: swap.stderr.replace(/exit 127 ".*?" instead/, "exit 127 instead") },
    {
      code: 5,
      stdout: "",
      stderr:
        'cnitap: bridge does not work outside of its directory: exit 127 instead of exit 0 "{\\"supportedVersions\\":[\\"1.0.0\\"]}". Nothing was changed. Use --mode path, which leaves it there, or exclude it with --plugins.\n',
    },
  )
  assert.deepEqual(await node.tree(), before)
  const path = await cnitap("install", ...capturing(node), "--mode", "path")
  assert.equal(path.code, 0, path.stderr)
})

/** A dynamic plugin whose library is found by its RUNPATH, `$ORIGIN/lib`. */
function withLibrary(node: Node, name: string): void {
  const [library, program] = [join(node.root, "answer.c"), join(node.root, "plugin.c")]
  writeFileSync(library, 'const char *answer(void) { return "{\\"supportedVersions\\":[\\"1.0.0\\"]}"; }')
  writeFileSync(program, "#include <stdio.h>\nconst char *answer(void);\nint main(void) { fputs(answer(), stdout); }")
  mkdirSync(join(node.bin, "lib"))
  const path = join(node.bin, name)
  rmSync(path)
  execFileSync("gcc", ["-shared", "-fPIC", "-o", join(node.bin, "lib/libanswer.so"), library])
  execFileSync("gcc", ["-o", path, program, `-L${join(node.bin, "lib")}`, "-lanswer", "-Wl,-rpath,$ORIGIN/lib"])
  for (const source of [library, program]) rmSync(source)
}

test("a plan is printed without the secrets of the configuration, and the edited list has them", async (t) => {
  const node = plainNode(t)
  const secret = "hunter2-hunter2"
  node.list("10-pods.conflist", [{ type: "bridge", policy: { k8s_auth_token: secret } }, { type: "portmap" }])
  for (const more of [["--diff"], ["-o", "json"], ["-o", "yaml"], ["-o", "jsonpath={.edit.after}"]]) {
    const plan = await cnitap("plan", ...capturing(node), "--mode", "chain", ...more)
    assert.equal(plan.code, 0, plan.stderr)
    assert.ok(plan.stdout.includes("k8s_auth_token") && !plan.stdout.includes(secret), `${more}: ${plan.stdout}`)
  }
  const installed = await cnitap("install", ...capturing(node), "--mode", "chain", "-o", "json")
  assert.ok(!installed.stdout.includes(secret))
  assert.ok(readFileSync(node.at(`${node.confDir}/10-pods.conflist`), "utf8").includes(secret))
})

test("a plan has what lint finds in the active list, or in those that cannot be loaded", async (t) => {
  const node = plainNode(t)
  const list = node.at(LIST)
  const planned = async () => {
    const { stdout } = await cnitap("plan", ...capturing(node))
    const { findings } = JSON.parse((await cnitap("plan", ...capturing(node), "-o", "json")).stdout)
    return [/^CONFIGURATION\n((?: {2}.*\n)+)/m.exec(stdout)?.[1], findings.map(({ rule }: { rule: string }) => rule)]
  }
  assert.deepEqual(await planned(), [undefined, []])
  node.list("10-pods.conflist", [{ type: "bridge", mtu: "9001" }, { type: "portmap" }])
  assert.deepEqual(await planned(), [
    `  ${list}:7: error: value of the wrong type: mtu is "9001", a string; bridge takes an integer (conf-value-type)\n    Write it without quotes: 9001.\n`,
    ["conf-value-type"],
  ])
  writeFileSync(list, Buffer.from(readFileSync(list, "utf8").replace('"9001"', "9001"), "utf16le"))
  assert.deepEqual(await planned(), [
    `  ${list}:1: error: file that is not plain UTF-8: it is UTF-16LE, and JSON parsers read UTF-8 (conf-encoding)\n    Convert it: iconv -f UTF-16LE -t UTF-8 ${list} > ${list}.new && mv ${list}.new ${list}\n`,
    ["conf-encoding"],
  ])
  for (const mode of ["swap", "chain"]) {
    writeFileSync(list, `{"cniVersion":"1.0.0","name":"x","plugins":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)
    const { code, stderr } = await cnitap("install", ...capturing(node), "--mode", mode)
    assert.equal(code, 5)
    assert.match(stderr, /10-pods\.conflist cannot be read: it is nested deeper than 64 levels\. /)
  }
})

test("files that another program has changed are left unchanged and reported", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node))
  node.plugin("bridge", ["drain", "out newer"])
  appendFileSync(join(node.bin, "bridge"), "newer")
  rmSync(join(node.bin, "portmap"))
  const status = await cnitap("status", ...within(node))
  assert.equal(status.code, 1)
  assert.match(status.stdout, /bridge .* replaced by another process: no longer recorded\n/)
  assert.match(status.stdout, /portmap .* missing: removed by another process\n/)
  const { code, stdout } = await cnitap("uninstall", ...within(node))
  assert.equal(code, 0)
  assert.ok(stdout.includes(`${node.bin}/bridge was replaced by another program`))
  assert.ok(stdout.includes(`${node.bin}/portmap was removed by another program`))
  assert.equal(await call(join(node.bin, "bridge")), "0 newer")
  assert.deepEqual([existsSync(join(node.bin, "portmap")), existsSync(join(node.bin, ".cnitap"))], [false, false])
})

test("another program has appended to the edited list: uninstall removes only the probes", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node), "--mode", "chain")
  const edited = readFileSync(node.at(LIST), "utf8")
  writeFileSync(
    node.at(LIST),
    edited.replace('{ "type": "cni_post" }', '{ "type": "cni_post" }, {"type":"linkerd-cni"}'),
  )
  const { stdout } = await cnitap("uninstall", ...within(node))
  assert.ok(stdout.includes(`${node.at(LIST)} was changed by another program; only the probes were removed`))
  const { plugins } = JSON.parse(readFileSync(node.at(LIST), "utf8"))
  assert.deepEqual(
    plugins.map(({ type }: { type: string }) => type),
    ["bridge", "portmap", "linkerd-cni"],
  )
  assert.deepEqual(node.names("/etc/cni/net.d"), ["10-pods.conflist"])
})

test("another program has written to the saved list: it is neither restored nor removed", async (t) => {
  const node = plainNode(t)
  const before = readFileSync(node.at(LIST))
  const saved = node.at("/etc/cni/net.d/.10-pods.conflist.cnitap-saved")
  await cnitap("install", ...capturing(node), "--mode", "chain")
  appendFileSync(saved, "{}")
  for (const _ of ["first", "again"]) {
    const { code, stdout } = await cnitap("uninstall", ...within(node))
    assert.equal(code, 5)
    assert.ok(
      stdout.includes(
        `LEFT AS IT IS\n  ${saved} was changed by another program after it was saved, so only the probes were removed from ${node.at(LIST)}. Compare the two files, remove this one, and run cnitap uninstall again\n`,
      ),
    )
    assert.deepEqual(readFileSync(node.at(LIST)), before)
    assert.deepEqual(readFileSync(saved), Buffer.concat([before, Buffer.from("{}")]))
  }
  rmSync(saved)
  assert.equal((await cnitap("uninstall", ...within(node))).code, 0)
  assert.deepEqual(readFileSync(node.at(LIST)), before)
  assert.deepEqual(node.names("/etc/cni/net.d"), ["10-pods.conflist"])
  assert.deepEqual([existsSync(join(node.bin, "cni_pre")), existsSync(join(node.bin, ".cnitap"))], [false, false])
})

test("a list that is a symlink is restored as one, whatever its target is by then", async (t) => {
  const node = plainNode(t)
  const text = readFileSync(node.at(LIST), "utf8")
  node.delete(LIST)
  node.file("/etc/pods.conflist", text)
  node.symlink(node.at("/etc/pods.conflist"), LIST)
  await cnitap("install", ...capturing(node), "--mode", "chain")
  node.file("/etc/pods.conflist", `${text}\n`)
  const before = await node.tree("/etc")
  assert.equal((await cnitap("uninstall", ...within(node))).code, 0)
  const { [LIST]: list, "/etc/pods.conflist": target, ...others } = await node.tree("/etc")
  assert.match(list ?? "", /-> .*\/etc\/pods\.conflist$/)
  assert.equal(target, before["/etc/pods.conflist"])
  assert.deepEqual(Object.keys(others), ["/etc/cni", "/etc/cni/net.d"])
})

test("probes that a cache names are kept without recording; status lists them and removes them later", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const rooted = ["--root", node.root]
  await cnitap("install", ...rooted, "--mode", "chain")
  const config = Buffer.from('{"plugins":[{"type":"cni_pre"},{"type":"bridge"},{"type":"cni_post"}]}').toString(
    "base64",
  )
  const results = node.file("/var/lib/cni/results/pods-c1-eth0", JSON.stringify({ kind: "cniCacheV1", config }))
  const multus = node.file("/var/lib/cni/multus/c1", '[{"Conf":{"type":"cni_pre"}}]')
  const { code, stdout } = await cnitap("uninstall", ...rooted)
  assert.equal(code, 0)
  assert.ok(stdout.includes(`  /opt/cni/bin/cni_pre, named by ${results}, ${multus}\n`))
  assert.ok(stdout.includes(`  /opt/cni/bin/cni_post, named by ${results}\n`))
  assert.equal(await call(join(node.bin, "cni_pre"), { CNI_COMMAND: "DEL" }), "0 ")
  assert.deepEqual(node.names("/etc/cni/net.d"), ["10-pods.conflist"])
  node.delete(results)
  const status = await cnitap("status", ...rooted)
  assert.deepEqual(
    [status.code, status.stderr],
    [1, "cnitap: removed /opt/cni/bin/cni_post, which nothing names any more\n"],
  )
  assert.match(status.stdout, /^MODE chain in \/opt\/cni\/bin: retired\n/)
  assert.ok(status.stdout.includes(`STAYS FOR NOW, recording nothing\n  /opt/cni/bin/cni_pre, named by ${multus}\n`))
  node.delete("/var/lib/cni/multus")
  assert.equal((await cnitap("status", ...rooted)).code, 6)
  assert.deepEqual(await node.tree(), before)
})

test("in watched directories only the plugins are written: at least one event per plugin, none without a change", async (t) => {
  const node = plainNode(t)
  const events: string[] = []
  const watchers = [node.bin, node.at(node.confDir)].map((path) => watch(path, (_, name) => events.push(String(name))))
  t.after(() => {
    for (const watcher of watchers) watcher.close()
  })
  const eventsOf = async (...args: string[]) => {
    await cnitap(...args)
    await sleep(50)
    return [...new Set(events.splice(0))].sort()
  }
  const plugins = [".cnitap", "bridge", "host-local", "portmap"]
  assert.deepEqual(await eventsOf("plan", ...capturing(node)), [])
  assert.deepEqual(await eventsOf("install", ...capturing(node)), plugins)
  assert.deepEqual(await eventsOf("install", ...capturing(node)), [])
  assert.deepEqual(await eventsOf("install", ...capturing(node), "--raw"), [])
  assert.deepEqual(await eventsOf("status", ...within(node)), [])
  assert.deepEqual(await eventsOf("uninstall", ...within(node)), plugins)
  const [saved, fresh] = [".10-pods.conflist.cnitap-saved", ".10-pods.conflist.cnitap-new"]
  const edited = [fresh, saved, ".cnitap", "10-pods.conflist", "cni_post", "cni_pre"]
  assert.deepEqual(await eventsOf("install", ...capturing(node), "--mode", "chain"), edited)
  assert.deepEqual(await eventsOf("install", ...capturing(node), "--mode", "chain"), [])
  assert.deepEqual(await eventsOf("uninstall", ...within(node)), edited.slice(1))
})

test("path mode: a directory that the runtime uses is kept, and removed by the next verb after that", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const shim = node.at("/opt/cnitap/bin")
  await cnitap("install", ...capturing(node), "--mode", "path")
  const looking = [...within(node), "--bin-dir", shim]
  assert.equal((await cnitap("status", ...looking)).code, 0)
  const { stdout } = await cnitap("uninstall", ...looking)
  assert.ok(stdout.includes(`  ${shim}/bridge, named by the plugin path of the runtime\n`))
  assert.equal(await call(join(shim, "bridge"), { CNI_COMMAND: "ADD" }, '["out hello"]'), "0 hello")
  const { code, stderr } = await cnitap("status", ...within(node))
  assert.deepEqual([code, stderr.split("\n")[0]], [6, `cnitap: removed ${shim}/portmap, which nothing names any more`])
  assert.deepEqual(await node.tree(), before)
})

test("uninstall needs neither the configuration directory nor the capture, only .cnitap", async (t) => {
  for (const mode of ["swap", "chain"]) {
    const node = plainNode(t)
    node.delete("/etc")
    const before = await node.tree()
    node.list("10-pods.conflist", [{ type: "bridge" }])
    await cnitap("install", ...capturing(node), "--mode", mode)
    node.delete("/etc")
    node.delete("/var/lib/cnitap")
    assert.equal(await call(join(node.bin, "bridge")), '0 {"plugin":"bridge"}')
    const { code } = await cnitap("uninstall", "--bin-dir", node.bin, "--shim-dir", node.at("/opt/cnitap/bin"))
    assert.equal(code, 0)
    assert.deepEqual(await node.tree(), before, mode)
  }
})

test("two installs at once: one succeeds, the other is refused or has nothing to do; the result is complete", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const program = join(import.meta.dirname, "../../dist/cnitap.js")
  const script = `for at in 1 2 3 4; do ${process.execPath} ${program} install ${capturing(node).join(" ")} >/dev/null & done; wait`
  const { stderr } = spawnSync("sh", ["-c", script], { encoding: "utf8" })
  for (const line of stderr.split("\n").filter(Boolean))
    assert.match(line, /another cnitap process holds the lock|the node was changed by another process/)
  for (const name of ["bridge", "host-local", "portmap"])
    assert.ok(readFileSync(join(node.bin, name)).equals(RELAY), name)
  assert.equal((await cnitap("status", ...within(node))).code, 0)
  await cnitap("uninstall", ...within(node))
  assert.deepEqual(await node.tree(), before)
})

type Bad = {
  what: string
  prepare?(node: Node): void
  args(node: Node): string[]
  code: number
  says: RegExp
}

const NEWER = `{"format":99,"kind":"install","wallMs":0,"mode":"swap","binDir":"/x","settings":{}}\n`

const BAD: Bad[] = [
  {
    what: "a missing plugin directory",
    args: (node) => ["install", "--bin-dir", node.at("/nowhere")],
    code: 3,
    says: /^cnitap: \S+\/nowhere does not exist\. Name another with --bin-dir\.\n$/,
  },
  {
    what: "a missing configuration directory",
    args: (node) => ["plan", "--conf-dir", node.at("/nowhere")],
    code: 3,
    says: /^cnitap: \S+\/nowhere does not exist\. Name another with --conf-dir\.\n$/,
  },
  {
    what: "a missing root",
    args: (node) => ["status", "--root", node.at("/nowhere")],
    code: 3,
    says: /^cnitap: \S+\/nowhere does not exist\. Name another with --root\.\n$/,
  },
  {
    what: "a file instead of a directory",
    args: (node) => ["uninstall", "--bin-dir", node.at(LIST)],
    code: 3,
    says: /^cnitap: \S+10-pods\.conflist is not a directory\. Name another with --bin-dir\.\n$/,
  },
  {
    what: "a relative directory",
    args: () => ["install", "--capture", "capture"],
    code: 2,
    says: /^cnitap: --capture capture is not absolute\. Use an absolute path: plugins run in another directory\.\n$/,
  },
  {
    what: "an unknown mode",
    args: (node) => ["install", ...within(node), "--mode", "mitm"],
    code: 2,
    says: /^cnitap: unknown mode mitm\. Use one of swap, path, chain, observe, auto\.\n$/,
  },
  {
    what: "an invalid duration",
    args: (node) => ["install", ...within(node), "--for", "soon"],
    code: 2,
    says: /^cnitap: --for soon is not a duration\. Write --for 30m or --for 2h\.\n$/,
  },
  {
    what: "an invalid sample",
    args: (node) => ["install", ...within(node), "--sample", "10%"],
    code: 2,
    says: /^cnitap: --sample 10% is not a fraction\. Write --sample 1\/10\.\n$/,
  },
  {
    what: "a size without a unit",
    args: (node) => ["install", ...within(node), "--max-size", "256"],
    code: 2,
    says: /^cnitap: --max-size 256 is not a size\. Write --max-size 256MiB\.\n$/,
  },
  {
    what: "a size too small for a record",
    args: (node) => ["install", ...within(node), "--max-size", "1kB"],
    code: 2,
    says: /^cnitap: --max-size must be at least 1MiB\. Write --max-size 256MiB\.\n$/,
  },
  {
    what: "a log file without chain mode",
    args: (node) => ["install", ...within(node), "--log-file", "/tmp/cni.log"],
    code: 2,
    says: /^cnitap: --log-file requires --mode chain\. /,
  },
  {
    what: "--plugins in chain mode",
    args: (node) => ["install", ...within(node), "--mode", "chain", "--plugins", "bridge"],
    code: 2,
    says: /^cnitap: --plugins cannot be combined with --mode chain\. /,
  },
  {
    what: "--only-failures in chain mode",
    args: (node) => ["install", ...within(node), "--mode", "chain", "--only-failures"],
    code: 2,
    says: /^cnitap: --only-failures cannot be combined with --mode chain\. Leave it out: probes do not see failures\.\n$/,
  },
  {
    what: "a path instead of a plugin name",
    args: (node) => ["install", ...within(node), "--plugins", "../../sbin/init"],
    code: 2,
    says: /^cnitap: --plugins \.\.\/\.\.\/sbin\/init is a path\. Name plugins as in the network list: bridge\.\n$/,
  },
  {
    what: "a broken list",
    prepare: (node) => writeFileSync(node.at(LIST), '{"plugins": ['),
    args: (node) => ["install", ...capturing(node)],
    code: 5,
    says: /^cnitap: \S+10-pods\.conflist cannot be read: .*\. Fix it, or list the plugins with --plugins\.\n$/,
  },
  {
    what: "a different mode than the installed one",
    prepare: (node) => void installSync(node),
    args: (node) => ["install", ...capturing(node), "--mode", "chain"],
    code: 5,
    says: /^cnitap: mode swap is already installed in \S+\/opt\/cni\/bin\. Run cnitap uninstall --bin-dir \S+ --conf-dir \S+ --shim-dir \S+ first\.\n$/,
  },
  {
    what: "a journal of a newer format",
    prepare: (node) => void node.file("/opt/cni/bin/.cnitap/journal.jsonl", NEWER),
    args: (node) => ["uninstall", ...within(node)],
    code: 3,
    says: /^cnitap: \S+journal\.jsonl was written in format 99, newer than 1\. Use the version of cnitap that installed, or a newer one\.\n$/,
  },
  {
    what: "a journal of a newer format, install",
    prepare: (node) => void node.file("/opt/cni/bin/.cnitap/journal.jsonl", NEWER),
    args: (node) => ["install", ...capturing(node)],
    code: 3,
    says: /newer than 1/,
  },
  {
    what: "a file that is not a journal",
    prepare: (node) => void node.file("/opt/cni/bin/.cnitap/journal.jsonl", "\u0000\u0001 garbage"),
    args: (node) => ["status", ...within(node)],
    code: 3,
    says: /^cnitap: \S+journal\.jsonl is not a journal of cnitap\. Compare \S+\.cnitap\/real with \S+\.\n$/,
  },
  {
    what: "originals without a journal",
    prepare: (node) => void node.file("/opt/cni/bin/.cnitap/real/bridge", "original"),
    args: (node) => ["install", ...capturing(node)],
    code: 3,
    says: /^cnitap: \S+journal\.jsonl is missing, but \S+ has saved originals\. Move each of them back to \S+ if/,
  },
  {
    what: "originals without a journal, uninstall",
    prepare: (node) => void node.file("/opt/cni/bin/.cnitap/real/bridge", "original"),
    args: (node) => ["uninstall", ...within(node)],
    code: 3,
    says: /^cnitap: \S+journal\.jsonl is missing, but \S+ has saved originals\. Move each of them back to \S+ if/,
  },
  {
    what: "nothing to watch",
    args: (node) => ["watch", ...within(node)],
    code: 6,
    says: /^cnitap: nothing is installed in \S+, \S+\. Run cnitap install --bin-dir \S+ --conf-dir \S+ --shim-dir \S+ first\.\n$/,
  },
]
for (const { what, prepare, args, code, says } of BAD) {
  test(`invalid input: ${what}: one error line, exit status, nothing changed`, async (t) => {
    const node = plainNode(t)
    prepare?.(node)
    const before = await node.tree()
    const answer = await cnitap(...args(node))
    assert.deepEqual([answer.code, answer.stdout], [code, ""])
    assert.match(answer.stderr, says)
    assert.deepEqual(await node.tree(), before)
  })
}

test("without root: one error line, and nothing changed", async (t) => {
  const node = plainNode(t)
  chmodSync(node.root, 0o755)
  const before = await node.tree()
  const program = join(import.meta.dirname, "../../dist/cnitap.js")
  for (const verb of ["install", "uninstall"]) {
    const args = verb === "install" ? capturing(node) : within(node)
    const { status, stderr } = spawnSync(process.execPath, [program, verb, ...args], { uid: 65534, encoding: "utf8" })
    assert.deepEqual([status, stderr], [4, `cnitap: permission denied: cannot write to ${node.bin}. Run as root.\n`])
  }
  assert.deepEqual(await node.tree(), before)
})

function installSync(node: Node): void {
  const program = join(import.meta.dirname, "../../dist/cnitap.js")
  spawnSync(process.execPath, [program, "install", ...capturing(node)])
}

function plainNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => node.remove())
  for (const name of ["bridge", "host-local", "portmap"]) node.plugin(name)
  node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }, { type: "portmap" }])
  return node
}
