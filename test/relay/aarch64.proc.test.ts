import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { copyFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Stand } from "./stand.ts"

const RELAY_AARCH64 = join(import.meta.dirname, "../../dist/relay-aarch64")

/**
 * Under qemu-user. The emulated relay's execve is performed by this machine's kernel, so the original is a program for
 * this machine, as it would be for the node's own architecture on an arm64 node.
 */
function emulated(path: string, env: Record<string, string>, input: string) {
  const { stdout, stderr, status, signal } = spawnSync("qemu-aarch64", [path], {
    env: { PATH: "/usr/bin:/bin", ...env },
    input,
    timeout: 20_000,
  })
  return { stdout: String(stdout), stderr: String(stderr), status, signal }
}

test("the relay for arm64 runs a plugin and records the call", (t) => {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.add("plugin", ["echo", "err done\n", "exit 3"])
  renameSync(join(stand.bin, "plugin"), join(stand.real, "plugin"))
  copyFileSync(RELAY_AARCH64, join(stand.bin, "plugin"))
  const path = join(stand.bin, "plugin")
  const env = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", SECRET: "x" }
  const stdin = '{"name":"net","policy":{"k8s_auth_token":"hunter2"}}'
  const seen = { stdout: stdin, stderr: "done\n", status: 3, signal: null }

  assert.deepEqual(emulated(path, env, stdin), seen)
  assert.deepEqual(stand.segments(), [])

  stand.configure()
  assert.deepEqual(emulated(path, env, stdin), seen)
  const [begin] = stand.begins()
  const [end] = stand.ends()
  const redacted = stdin.replace("hunter2", "[redacted]")
  const payload = { sizeBytes: stdin.length, redacted: ["/policy/k8s_auth_token"], text: redacted }
  assert.deepEqual(
    [begin?.plugin, begin?.path, begin?.env, stand.stdins()[0]],
    ["plugin", path, { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1" }, payload],
  )
  assert.deepEqual(
    [end?.id, end?.exit, end?.stdout, end?.stderr],
    [begin?.id, { code: 3 }, payload, { sizeBytes: 5, text: "done\n" }],
  )
})

test("the probes for arm64 reply", (t) => {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.configure()
  for (const name of ["cni_pre", "cni_post"]) copyFileSync(RELAY_AARCH64, join(stand.bin, name))
  const env = (command: string) => ({ CNI_COMMAND: command, CNI_CONTAINERID: "c1" })
  const pre = join(stand.bin, "cni_pre")
  const post = join(stand.bin, "cni_post")
  assert.deepEqual(JSON.parse(emulated(pre, env("VERSION"), "").stdout).supportedVersions.at(-1), "1.1.0")
  assert.equal(emulated(pre, env("ADD"), '{"cniVersion":"0.4.0"}').stdout, '{"cniVersion":"0.4.0"}')
  assert.equal(emulated(post, env("ADD"), '{"prevResult":{ "a" : 1 }}').stdout, '{ "a" : 1 }')
  assert.deepEqual(emulated(post, env("DEL"), "{}"), { stdout: "", stderr: "", status: 0, signal: null })
  assert.equal(stand.begins().length, 4)
})
