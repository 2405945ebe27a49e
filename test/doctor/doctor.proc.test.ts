import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { dirname, join } from "node:path"
import { type TestContext, test } from "node:test"
import { program as cli } from "../../src/cli/program.ts"
import { double } from "../doubles/double.ts"
import { plant, type Tree } from "../install/plant.ts"
import { containerd1 } from "../node/containerd.ts"
import { withNode } from "../node/private-node.ts"
import { HEALTHY, LIST, list, ranged } from "./healthy.ts"

const REAL = "/usr/lib/cni"

/** Runs `cnitap doctor`; returns its output and exit status. */
async function doctor(...args: string[]): Promise<{ out: string; err: string; exit: number }> {
  const out: string[] = []
  const err: string[] = []
  const exit = await cli(contextOf(out, err), ["doctor", ...args])
  return { out: out.join(""), err: err.join(""), exit }
}

function contextOf(out: string[], err: string[]) {
  return {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
    stdin: process.stdin,
    env: {},
    exitCode: 0,
    nowMs: Date.now,
  }
}

/** Severity, rule and detail of each finding, from `-o jsonl`. */
async function found(root: string, ...args: string[]): Promise<string[]> {
  const { out } = await doctor("--root", root, "--execute", "-o", "jsonl", ...args)
  return out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map(({ severity, rule, detail }) => `${severity} ${rule}: ${detail}`)
}

/** The healthy node with Debian's plugins and their shared libraries, so that they run in a chroot. */
function realNode(t: TestContext, ...changes: Tree[]): string {
  const root = plant(t, HEALTHY, ...changes)
  for (const name of ["bridge", "host-local", "portmap", "loopback"]) {
    copy(root, join(REAL, name), join("/opt/cni/bin", name))
  }
  const linked = execFileSync("ldd", [join(REAL, "bridge")], { encoding: "utf8" })
  for (const [library] of linked.matchAll(/\/\S+/g)) copy(root, library, library)
  return root
}

function copy(root: string, from: string, to: string): void {
  mkdirSync(dirname(join(root, to)), { recursive: true })
  copyFileSync(from, join(root, to))
}

/** A plugin that performs these steps. */
function fake(root: string, name: string, steps: string[]): void {
  const path = join(root, "/opt/cni/bin", name)
  rmSync(path, { force: true })
  copyFileSync(double("plugin"), path)
  chmodSync(path, 0o755)
  writeFileSync(`${path}.json`, JSON.stringify(steps))
}

test("Debian's plugins support the version of the list: no findings", async (t) => {
  const root = realNode(t)
  assert.deepEqual(await doctor("--root", root, "--execute"), {
    out: "",
    err: `no problems found: containerd 1.7.24 uses ${LIST} and 3 plugins\n`,
    exit: 0,
  })
})

test("a list of version 1.1.0: every plugin of 1.0.0 is too old, the IPAM plugin too", async (t) => {
  const root = realNode(t, {
    [LIST]: list({ cniVersion: "1.1.0" }),
    "/var/lib/dpkg/status": "Package: containerd.io\nVersion: 2.1.4-1\n",
  })
  const all = "0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0"
  assert.deepEqual(await found(root), [
    `error plugin-version: bridge (the list) supports ${all}, the list has 1.1.0`,
    `error plugin-version: host-local (IPAM of bridge) supports ${all}, the list has 1.1.0`,
    `error plugin-version: portmap (the list) supports ${all}, the list has 1.1.0`,
  ])
})

test("plugins that reply with nothing, text or an error, or die", async (t) => {
  const plugins = ["mute", "chatty", "failing", "dying"].map((type) => ({ type, ipam: ranged("10.1.0.0/24") }))
  const root = realNode(t, { [LIST]: list({ plugins }) })
  fake(root, "mute", ["drain"])
  fake(root, "chatty", ["drain", "out hello"])
  fake(root, "failing", ["drain", 'out {"code":999,"msg":"no"}', "exit 1"])
  fake(root, "dying", ["drain", "signal 9"])
  assert.deepEqual(await found(root), [
    'error plugin-silent: /opt/cni/bin/mute replied to VERSION with exit 0 ""',
    'error plugin-silent: /opt/cni/bin/chatty replied to VERSION with exit 0 "hello"',
    'error plugin-silent: /opt/cni/bin/failing replied to VERSION with exit 1 "{\\"code\\":999,\\"msg\\":\\"no\\"}"',
    'error plugin-silent: /opt/cni/bin/dying replied to VERSION with SIGKILL ""',
  ])
})

test("a world-writable plugin is not executed", async (t) => {
  const root = realNode(t, { [LIST]: list({ plugins: [{ type: "open" }] }) })
  fake(root, "open", ["drain"])
  chmodSync(join(root, "/opt/cni/bin/open"), 0o757)
  assert.deepEqual(await found(root), ["error plugin-open: /opt/cni/bin/open has mode 0757"])
})

test("with --root, plugins run only with --execute", async (t) => {
  const root = realNode(t)
  fake(root, "bridge", ["drain", "exit 1"])
  assert.equal((await doctor("--root", root)).exit, 0)
  assert.equal((await doctor("--root", root, "--execute")).exit, 1)
})

test("every output format; exit 1 for an error, 0 for a warning", async (t) => {
  const root = plant(t, HEALTHY, { "/opt/cni/bin/portmap": { mode: 0o644, text: "#!/bin/true\n" } })
  const detail = "/opt/cni/bin/portmap has mode 0644"
  const finding = {
    apiVersion: "cnitap/v1",
    kind: "NodeFinding",
    rule: "plugin-not-executable",
    severity: "error",
    title: "a plugin is not executable",
    detail,
    evidence: ["/opt/cni/bin/portmap"],
    remedy: "chmod 0755 /opt/cni/bin/portmap",
  }
  const json = await doctor("--root", root, "-o", "json")
  assert.deepEqual(
    [JSON.parse(json.out), json.exit],
    [{ apiVersion: "cnitap/v1", kind: "NodeFindingList", items: [finding] }, 1],
  )
  assert.deepEqual(await doctor("--root", root), {
    out: [
      "SEVERITY   RULE                    WHAT                                 REMEDY",
      `error      plugin-not-executable   ${detail}   chmod 0755 /opt/cni/bin/portmap`,
      "",
    ].join("\n"),
    err: "",
    exit: 1,
  })
  assert.equal((await doctor("--root", root, "-o", "name")).out, "finding/plugin-not-executable/opt/cni/bin/portmap\n")
  const warned = plant(t, HEALTHY, { [`${LIST}.cilium_bak`]: "{}" })
  assert.equal((await doctor("--root", warned)).exit, 0)
})

test("after an install VERSION runs the originals: doctor and plan leave no call in the capture", async (t) => {
  const root = realNode(t)
  assert.equal(await cli(contextOf([], []), ["install", "--root", root]), 0)
  assert.deepEqual(await found(root), [])
  fake(root, ".cnitap/real/portmap", ["drain", "exit 1"])
  assert.deepEqual(await found(root), ['error plugin-silent: /opt/cni/bin/portmap replied to VERSION with exit 1 ""'])
  assert.equal(await cli(contextOf([], []), ["plan", "--root", root]), 0)
  assert.deepEqual(readdirSync(join(root, "/var/lib/cnitap/capture")), [])
})

test("without root, and with a journal of a newer version: the node is still checked", async (t) => {
  const root = realNode(t)
  assert.equal(await cli(contextOf([], []), ["install", "--root", root]), 0)
  chmodSync(root, 0o755)
  const args = [join(import.meta.dirname, "../../dist/cnitap.js"), "doctor", "--root", root]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { uid: 65534, gid: 65534, encoding: "utf8" })
  assert.deepEqual(
    [status, stdout, stderr],
    [0, "", `no problems found: containerd 1.7.24 uses ${LIST} and 3 plugins\n`],
  )
  writeFileSync(join(root, "/opt/cni/bin/.cnitap/journal.jsonl"), '{"format":99,"kind":"done"}\n')
  assert.equal((await doctor("--root", root)).exit, 0)
})

test("a root that does not exist", async () => {
  assert.deepEqual(await doctor("--root", "/nowhere/at/all"), {
    out: "",
    err: "cnitap: /nowhere/at/all does not exist. Name another with --root.\n",
    exit: 3,
  })
})

test("a full file system for reservations", async (t) => {
  const root = realNode(t)
  const store = join(root, "/var/lib/cni")
  mkdirSync(store, { recursive: true })
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,nr_inodes=20", "none", store])
  try {
    const directories = "/var/lib/cni/results, /var/lib/cni/networks"
    assert.deepEqual(await found(root), [`warning disk-full: ${directories}: 0 MiB and 19 inodes free`])
    for (let at = 0; at < 16; at++) writeFileSync(join(store, `fill-${at}`), Buffer.alloc(4096))
    assert.deepEqual(await found(root), [`error disk-full: ${directories}: 0 MiB and 3 inodes free`])
  } finally {
    execFileSync("umount", [store])
  }
})

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts")

test("a containerd with pods: no findings; then a plugin is removed, a namespace, and the content of a cached result", async () => {
  const conf = { "10-pods.conflist": list({ name: "pods" }) }
  const plugins = ["bridge", "host-local", "portmap", "loopback"]
  await withNode(containerd1, { plugins, conf }, async ({ pid, cri, cgroupParent, stateDir, confDir, binDir }) => {
    // In the mount namespace of this containerd its state is in /var/lib, and its network namespaces in /run/netns.
    const inside = (...command: string[]) =>
      spawnSync("nsenter", ["--target", String(pid), "--mount", "--net", ...command], { encoding: "utf8" })
    const report = () => {
      const args = ["doctor", "--conf-dir", confDir, "--bin-dir", binDir, "-o", "jsonl"]
      const { stdout, stderr } = inside(process.execPath, "--import", import.meta.resolve("tsx"), MAIN, ...args)
      const lines = stdout.split("\n").filter(Boolean)
      if (lines.length === 0) return stderr.replace(/ uses .*\n/, "")
      return lines.map((line) => JSON.parse(line)).map(({ severity, rule, detail }) => `${severity} ${rule}: ${detail}`)
    }
    const pod = (name: string) => cri.runPodSandbox({ namespace: "default", name, uid: name, cgroupParent })
    const version = execFileSync("containerd", ["--version"], { encoding: "utf8" }).split(" ")[2]
    const [one, two] = [await pod("one"), await pod("two")]
    assert.equal(report(), `no problems found: containerd ${version}`)

    rmSync(join(binDir, "host-local"))
    assert.deepEqual(report(), [`error plugin-missing: host-local (IPAM of bridge) is not in ${binDir}`])
    copyFileSync(join(REAL, "host-local"), join(binDir, "host-local"))

    const results = join(stateDir, "cni/results")
    const cached = JSON.parse(readFileSync(join(results, `pods-${one}-eth0`), "utf8"))
    const { sandbox: netns } = cached.result.interfaces.at(-1)
    inside("umount", netns)
    inside("rm", netns)
    writeFileSync(join(results, `pods-${two}-eth0`), "")
    // Entries that are only minutes old could belong to a running ADD.
    const yesterday = Date.now() / 1000 - 86_400
    for (const ip of ["10.88.0.2", "10.88.0.3"])
      utimesSync(join(stateDir, "cni/networks/pods", ip), yesterday, yesterday)
    for (const id of [one, two]) utimesSync(join(results, `pods-${id}-eth0`), yesterday, yesterday)
    assert.deepEqual(report(), [
      `error result-cache-broken: /var/lib/cni/results/pods-${two}-eth0: the cache file is empty; DEL fails on it with libcni before 1.2`,
      "warning attachment-leaked: /var/lib/cni/networks/pods has 1 entry for network namespaces that no longer exist: 10.88.0.2",
    ])
    // The other pod still runs: its loopback result and its namespace exist.
  })
})
