import assert from "node:assert/strict"
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { type PluginCall, type Seen, Stand } from "./stand.ts"

const CONFIG = '{"cniVersion":"1.0.0","name":"net","type":"cni_pre"}'
const RESULT = '{ "cniVersion":"1.0.0",\n "ips":[{"address":"10.1.2.3/24"}],"unknown":[1.0,"\\u003c"] }'
const CHAINED = `{"cniVersion":"1.0.0","name":"net","plugins":[{"prevResult":{"no":1}}],"prevResult":${RESULT},"type":"cni_post"}`
const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"]

function standWithProbes(t: TestContext): Stand {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.probe("cni_pre")
  stand.probe("cni_post")
  stand.configure()
  return stand
}

function silent(seen: Seen): void {
  assert.deepEqual(seen, { stdout: "", stderr: "", code: 0, signal: null, files: {} })
}

test("ADD: cni_pre replies with the version of stdin, cni_post with the prevResult byte for byte; both are recorded", async (t) => {
  const stand = standWithProbes(t)
  const pre = await stand.run("cni_pre", { command: "ADD", stdin: CONFIG })
  assert.deepEqual(pre, { stdout: '{"cniVersion":"1.0.0"}', stderr: "", code: 0, signal: null, files: {} })
  const post = await stand.run("cni_post", { command: "ADD", stdin: CHAINED })
  assert.deepEqual(post, { stdout: RESULT, stderr: "", code: 0, signal: null, files: {} })

  const [first, second] = stand.begins()
  assert.deepEqual(
    [first?.as, first?.plugin, first?.env.CNI_COMMAND, first?.stdin],
    ["probe", "cni_pre", "ADD", { sizeBytes: CONFIG.length, text: CONFIG }],
  )
  assert.deepEqual(
    [second?.as, second?.plugin, second?.stdin],
    ["probe", "cni_post", { sizeBytes: CHAINED.length, text: CHAINED }],
  )
  assert.equal(stand.lines().length, 2)
})

test("ADD: cni_pre passes a prevResult on, and cni_post without one replies with the version", async (t) => {
  const stand = standWithProbes(t)
  assert.equal((await stand.run("cni_pre", { command: "ADD", stdin: CHAINED })).stdout, RESULT)
  assert.equal((await stand.run("cni_post", { command: "ADD", stdin: CONFIG })).stdout, '{"cniVersion":"1.0.0"}')
  for (const version of VERSIONS) {
    const { stdout } = await stand.run("cni_pre", { command: "ADD", stdin: JSON.stringify({ cniVersion: version }) })
    assert.deepEqual(JSON.parse(stdout), { cniVersion: version })
  }
  // libcni reads a configuration without the key as 0.1.0.
  for (const stdin of ["{}", "", "garbage", '{"prevResult":null}', "\u0000"])
    assert.equal((await stand.run("cni_pre", { command: "ADD", stdin })).stdout, '{"cniVersion":"0.1.0"}')
})

test("a prevResult of 3 MB with non-ASCII text is unchanged", async (t) => {
  const stand = standWithProbes(t)
  const result = JSON.stringify({ cniVersion: "1.0.0", x: 'é🌐\\"'.repeat(350_000) })
  const seen = await stand.run("cni_post", { command: "ADD", stdin: `{"cniVersion":"1.0.0","prevResult":${result}}` })
  assert.equal(Buffer.from(seen.stdout, "latin1").toString() === result, true)
  // On a busy machine the probe does not wait for the record of so long a text.
  for (let tries = 0; stand.lines().length === 0 && tries < 1000; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  const [begin] = stand.begins()
  assert.equal(begin?.stdin?.truncated, true)
  assert.equal(begin?.stdin && "text" in begin.stdin && Buffer.byteLength(begin.stdin.text) <= 1024 * 1024, true)
})

test("DEL, CHECK, GC and STATUS: recorded, no output, success", async (t) => {
  const stand = standWithProbes(t)
  for (const name of ["cni_pre", "cni_post"])
    for (const command of ["DEL", "CHECK", "GC", "STATUS", "UNHEARD-OF"])
      for (const stdin of [CHAINED, "", "garbage"]) silent(await stand.run(name, { command, stdin }))
  assert.equal(stand.begins().length, 30)
})

test("with closed streams a probe does not fail", async (t) => {
  const stand = standWithProbes(t)
  const launch = ["-e", "CNI_COMMAND=DEL", "-e", "CNI_CONTAINERID=c1"]
  for (const closed of ["0", "1", "2"]) silent(await stand.run("cni_post", { launch: [...launch, "-c", closed] }))
  assert.deepEqual(
    stand.begins().map(({ env }) => env.CNI_COMMAND),
    ["DEL", "DEL", "DEL"],
  )
})

test("VERSION: all versions, without reading stdin", async (t) => {
  const stand = standWithProbes(t)
  const seen = await stand.run("cni_pre", { command: "VERSION", during: () => {} })
  assert.deepEqual([JSON.parse(seen.stdout), seen.code], [{ cniVersion: "1.1.0", supportedVersions: VERSIONS }, 0])
  assert.equal(stand.begins()[0]?.env.CNI_COMMAND, "VERSION")
})

test("without CNI_COMMAND or CNI_CONTAINERID: recorded, an error object, exit 1; with an empty one success", async (t) => {
  const stand = standWithProbes(t)
  const error = (name: string) => ({ cniVersion: "1.1.0", code: 4, msg: `required env variables [${name}] missing` })
  const calls: [string, PluginCall][] = [
    ["CNI_COMMAND", {}],
    ["CNI_CONTAINERID", { env: { CNI_COMMAND: "ADD" } }],
    ["CNI_CONTAINERID", { env: { CNI_COMMAND: "DEL" } }],
  ]
  for (const [name, call] of calls) {
    const seen = await stand.run("cni_post", { ...call, stdin: CONFIG })
    assert.deepEqual([JSON.parse(seen.stdout), seen.stderr, seen.code], [error(name), "", 1])
  }
  silent(await stand.run("cni_post", { env: { CNI_COMMAND: "DEL", CNI_CONTAINERID: "" }, stdin: CONFIG }))
  assert.equal(stand.begins().length, 4)
})

test("without a configuration, or without a usable capture, the replies are the same", async (t) => {
  const stand = standWithProbes(t)
  for (const broken of [
    "",
    "garbage",
    JSON.stringify({ format: 1, capture: "/proc/nowhere", logFile: "/proc/no/log" }),
  ]) {
    stand.write(broken)
    assert.equal((await stand.run("cni_post", { command: "ADD", stdin: CHAINED })).stdout, RESULT)
    silent(await stand.run("cni_pre", { command: "DEL", stdin: CHAINED }))
  }
  rmSync(stand.configFile)
  assert.equal((await stand.run("cni_pre", { command: "ADD", stdin: CONFIG })).stdout, '{"cniVersion":"1.0.0"}')
  assert.deepEqual(stand.segments(), [])
})

test("a plugin with the name of a probe and an original is relayed", async (t) => {
  const stand = standWithProbes(t)
  rmSync(join(stand.bin, "cni_pre"))
  stand.add("cni_pre", ["drain", "out mine", "exit 5"])
  stand.wrap("cni_pre")
  const seen = await stand.run("cni_pre", { command: "ADD", stdin: CONFIG })
  assert.deepEqual([seen.stdout, seen.code, stand.begins()[0]?.as], ["mine", 5, "relay"])
})

test("the probe log: the lines of the original scripts", async (t) => {
  const stand = standWithProbes(t)
  const file = join(stand.root, "cni.log")
  stand.configure({ logFile: file })
  stand.probe("cni_pre.py")
  const env = { CNI_CONTAINERID: "280718f61fd143ce1e75e9a40557129559098a9fb911d909a07f84fd6f8532e2" }
  // What libcni passes to the probes of a list with Calico, and Calico's result.
  const input = '{"cniVersion":"0.3.1","name":"k8s-pod-network","type":"cni_pre.py"}'
  const output =
    '{"cniVersion":"0.3.1","interfaces":[{"name":"calic440f455693"}],"ips":[{"version":"4","address":"10.244.19.140/32"}],"dns":{}}'
  const chained = `{"cniVersion":"0.3.1","name":"k8s-pod-network","prevResult":${output},"type":"cni_post"}`
  assert.equal((await stand.run("cni_pre.py", { command: "ADD", env, stdin: input })).stdout, '{"cniVersion":"0.3.1"}')
  assert.equal((await stand.run("cni_post", { command: "ADD", env, stdin: chained })).stdout, output)
  assert.deepEqual(readFileSync(file, "utf8").split("\n"), [
    'CNI_COMMAND=ADD,CNI_CONTAINERID=280718f61fd143ce1e75e9a40557129559098a9fb911d909a07f84fd6f8532e2,input={"cniVersion": "0.3.1", "name": "k8s-pod-network", "type": "cni_pre.py"}',
    'CNI_COMMAND=ADD,CNI_CONTAINERID=280718f61fd143ce1e75e9a40557129559098a9fb911d909a07f84fd6f8532e2,output={"cniVersion": "0.3.1", "interfaces": [{"name": "calic440f455693"}], "ips": [{"version": "4", "address": "10.244.19.140/32"}], "dns": {}}',
    "",
  ])
})

test("the probe log: which calls have a line, one line each", async (t) => {
  const stand = standWithProbes(t)
  const file = join(stand.root, "cni.log")
  stand.configure({ logFile: file })
  const input = '{\n  "a" : [ 1,2.50,"x, y: \\"z", {}, [] ],\n\t"b":true\n}\n'
  const line = '{"a": [1, 2.50, "x, y: \\"z", {}, []], "b": true}'
  for (const name of ["cni_pre", "cni_post"]) {
    for (const command of ["ADD", "DEL", "CHECK", "VERSION", "GC", "STATUS"])
      await stand.run(name, { command, stdin: input })
    await stand.run(name, { stdin: input })
    await stand.run(name, { env: { CNI_COMMAND: "ADD" }, stdin: input })
  }
  await stand.run("cni_pre", { command: "ADD", stdin: "no\nJSON\n" })
  assert.deepEqual(readFileSync(file, "utf8").split("\n"), [
    `CNI_COMMAND=ADD,CNI_CONTAINERID=c1,input=${line}`,
    "env CNI_COMMAND not found",
    "env CNI_CONTAINERID not found",
    // Without a previous result cni_post logs the whole input, which shows what went wrong.
    `CNI_COMMAND=ADD,CNI_CONTAINERID=c1,input=${line}`,
    `CNI_COMMAND=DEL,CNI_CONTAINERID=c1,input=${line}`,
    "env CNI_COMMAND not found",
    "env CNI_CONTAINERID not found",
    "CNI_COMMAND=ADD,CNI_CONTAINERID=c1,input=no JSON",
    "",
  ])
  assert.equal((statSync(file).mode & 0o777).toString(8), "600")
})

test("the probe log has no secrets, unless raw is set", async (t) => {
  const stand = standWithProbes(t)
  const file = join(stand.root, "cni.log")
  const stdin = '{"cniVersion":"1.0.0","policy":{"k8s_auth_token":"hunter2"}}'
  const line = '{"cniVersion": "1.0.0", "policy": {"k8s_auth_token": "hunter2"}}'
  for (const raw of [false, true]) {
    stand.configure({ logFile: file, raw })
    await stand.run("cni_pre", { command: "ADD", stdin })
  }
  assert.deepEqual(readFileSync(file, "utf8").trim().split("\n"), [
    `CNI_COMMAND=ADD,CNI_CONTAINERID=c1,input=${line.replace("hunter2", "[redacted]")}`,
    `CNI_COMMAND=ADD,CNI_CONTAINERID=c1,input=${line}`,
  ])
})

test("fifty writers at once: fifty complete lines", async (t) => {
  const stand = standWithProbes(t)
  const file = join(stand.root, "cni.log")
  stand.configure({ logFile: file })
  const ids = Array.from({ length: 50 }, (_, index) => `c${index}`)
  const config = (id: string) => `{"cniVersion": "1.0.0", "id": "${id}", "filler": "${id.repeat(3000)}"}`
  await Promise.all(
    ids.map((id) => stand.run("cni_pre", { command: "ADD", stdin: config(id), env: { CNI_CONTAINERID: id } })),
  )
  const lines = () => readFileSync(file, "utf8").trim().split("\n")
  // On a busy machine a probe does not wait for a line that takes longer than a moment; it is written all the same.
  for (let tries = 0; lines().length < ids.length && tries < 1000; tries++) await sleep(10)
  assert.deepEqual(lines().sort(), ids.map((id) => `CNI_COMMAND=ADD,CNI_CONTAINERID=${id},input=${config(id)}`).sort())
})

test("the probe log is never written through a symlink, a second hard link or a FIFO", async (t) => {
  const stand = standWithProbes(t)
  const victim = join(stand.root, "victim")
  const file = join(stand.root, "cni.log")
  writeFileSync(victim, "untouched")
  stand.configure({ logFile: file })
  const add = async () =>
    assert.equal((await stand.run("cni_pre", { command: "ADD", stdin: CONFIG })).stdout, '{"cniVersion":"1.0.0"}')
  for (const replace of [
    () => symlinkSync(victim, file),
    () => symlinkSync(join(stand.root, "nowhere"), file),
    () => linkSync(victim, file),
    () => mkdirSync(file),
  ]) {
    replace()
    await add()
    rmSync(file, { recursive: true })
  }
  const folder = join(stand.root, "logs")
  mkdirSync(join(stand.root, "elsewhere"))
  symlinkSync(join(stand.root, "elsewhere"), folder)
  stand.configure({ logFile: join(folder, "cni.log") })
  await add()
  assert.equal(existsSync(join(stand.root, "elsewhere/cni.log")), false)
  assert.equal(existsSync(join(stand.root, "nowhere")), false)
  assert.equal(readFileSync(victim, "utf8"), "untouched")
})
