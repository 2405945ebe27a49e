import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, linkSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { countOf, objectsOf } from "./kernel-objects.ts"
import { ObservedStand } from "./observed-stand.ts"
import { ObserverProcess } from "./observer-process.ts"

async function observed(steps: Record<string, readonly string[]>): Promise<ObservedStand> {
  const stand = new ObservedStand()
  for (const [name, list] of Object.entries(steps)) stand.add(name, list)
  await stand.observe()
  return stand
}

test("nesting is the ancestry of processes, and what a delegate writes is output of both", async (t) => {
  const stand = await observed({ bridge: ["delegate"] })
  t.after(() => stand.remove())
  await stand.run("bridge", { command: "ADD", stdin: "{}", env: { DOUBLE_DEPTH: "2" } })
  await stand.end()
  const begins = stand.begins().sort((a, b) => a.depth - b.depth)
  const stdouts = begins.map(({ id }) => stand.ends().find((end) => end.id === id)?.stdout)
  assert.deepEqual(
    begins.map(({ depth, parent }) => [depth, begins.findIndex(({ id }) => id === parent)]),
    [
      [0, -1],
      [1, 0],
      [2, 1],
    ],
  )
  assert.deepEqual(stdouts, Array(3).fill({ sizeBytes: 2, text: "{}" }))
})

test("a signal that ends a plugin is recorded, and what it has written before", async (t) => {
  const stand = await observed({ bridge: ["out half", "signal 11"] })
  t.after(() => stand.remove())
  await stand.run("bridge", { command: "ADD" })
  await stand.end()
  assert.deepEqual(
    stand.ends().map(({ exit, stdout }) => ({ exit, stdout })),
    [{ exit: { signal: 11 }, stdout: { sizeBytes: 4, text: "half" } }],
  )
})

test("a long output is recorded up to the limit, with its whole size", async (t) => {
  const stand = await observed({ bridge: ["stdout 1000000"] })
  t.after(() => stand.remove())
  const { stdout } = await stand.run("bridge", { command: "ADD" })
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  const [end] = stand.ends()
  assert.deepEqual(end?.stdout, { sizeBytes: 1_000_000, truncated: true, text: stdout.slice(0, 65_536) })
})

test("a plugin that hangs has its begin and progress records, and a file that is replaced is followed", async (t) => {
  const stand = await observed({ bridge: ["err waiting", "hang"] })
  t.after(() => stand.remove())
  const hanging = stand.start("bridge", { command: "ADD" })
  const until = async (isMet: () => boolean) => {
    while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await until(() => stand.records().some(({ kind }) => kind === "progress"))
  hanging.kill("SIGKILL")
  await once(hanging, "close")
  const path = join(stand.bin, "bridge")
  const former = join(stand.root, "former")
  linkSync(path, former)
  writeFileSync(`${path}.new`, "#!/bin/sh\necho new\n")
  chmodSync(`${path}.new`, 0o755)
  renameSync(`${path}.new`, path)
  const callsOf = (file: string) => stand.begins().filter((begin) => begin.path === file)
  const callsAfter = async (file: string) => {
    const before = callsOf(path).length
    execFileSync(file, { input: "[]" })
    await until(() => {
      execFileSync(path)
      return callsOf(path).length > before
    })
    return callsOf(former).length
  }
  // Once the observer has looked at the directory again, the inode of the file that was replaced is nobody's any more.
  for (let before = -1, after = 0; after > before; after = await callsAfter(former)) before = after
  await stand.end()
  const [first, second] = callsOf(path).map(({ id }) => stand.ends().find((end) => end.id === id))
  assert.deepEqual([first?.exit, first?.stderr], [{ signal: 9 }, { sizeBytes: 7, text: "waiting" }])
  assert.deepEqual([second?.exit, second?.stdout], [{ code: 0 }, { sizeBytes: 4, text: "new\n" }])
})

test("a plugin whose output is held by a process that it left behind has its end record when the observer ends", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  const script = "#!/bin/sh\necho done\nsleep 1000 &\necho $! >&2\nexit 3\n"
  writeFileSync(join(stand.bin, "bridge"), script, { mode: 0o755 })
  await stand.observe()
  const call = stand.start("bridge", { command: "ADD" })
  const exited = once(call, "exit")
  assert.ok(call.stderr)
  const [pid] = await once(call.stderr, "data")
  t.after(() => process.kill(Number(pid)))
  await exited
  await stand.end()
  assert.deepEqual(
    stand.ends().map(({ exit, stdout }) => ({ exit, stdout })),
    [{ exit: { code: 3 }, stdout: { sizeBytes: 5, text: "done\n" } }],
  )
})

test("SIGKILL leaves nothing in the kernel, no call notices it, and the next start says what was missed", async (t) => {
  const stand = await observed({ bridge: ["echo"], hanging: ["hang"] })
  t.after(() => stand.remove())
  const objects = objectsOf(Number(stand.pid))
  assert.ok(objects.length > 10, `${objects.length} objects`)
  const hanging = stand.start("hanging", { command: "ADD" })
  const calls = Array.from({ length: 40 }, () => stand.run("bridge", { command: "ADD", stdin: "{}" }))
  await calls[0]
  assert.equal((await stand.end("SIGKILL")).status, null)
  for (const { stdout, code } of await Promise.all(calls)) assert.deepEqual({ stdout, code }, { stdout: "{}", code: 0 })
  // The kernel frees them once no processor can still be running them.
  while (countOf(objects) > 0) await new Promise((resolve) => setTimeout(resolve, 20))
  await stand.observe()
  const { stderr } = await stand.end()
  hanging.kill("SIGKILL")
  assert.equal(stderr.split("\n")[0], "cnitap: 1 call was in flight already and is not recorded")
})

test("the node may be mounted below a root, as in a container", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  const node = join(stand.root, "node")
  const bin = join(node, "opt/cni/bin")
  for (const directory of [bin, join(node, "etc/cni/net.d")]) mkdirSync(directory, { recursive: true })
  writeFileSync(join(bin, "bridge"), "#!/bin/sh\ncat\n", { mode: 0o755 })
  const observer = await ObserverProcess.start(["--root", node, "--capture", "/capture", "-o", "jsonl"])
  execFileSync(join(bin, "bridge"), { input: "{}", env: { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1" } })
  const { stdout, stderr } = await observer.end()
  assert.equal(stderr, `cnitap: observing 1 plugins; the capture is ${join(node, "capture")}\n`)
  const { kind, as, command, containerId, stdin, exit } = JSON.parse(stdout)
  assert.deepEqual(
    { kind, as, command, containerId, stdin, exit },
    {
      kind: "Call",
      as: "observer",
      command: "ADD",
      containerId: "c1",
      stdin: { sizeBytes: 2, text: "{}" },
      exit: { code: 0 },
    },
  )
})

test("a script that was executed by a relative path and has ended is recorded, if its environment is that of a call", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  for (const name of ["bridge", "firewall"])
    writeFileSync(join(stand.bin, name), "#!/bin/sh\necho done\n", { mode: 0o755 })
  await stand.observe()
  const pid = Number(stand.pid)
  // Nothing can be asked about a process that has ended before its events are read.
  process.kill(pid, "SIGSTOP")
  const run = (path: string, env: Record<string, string>) => execFileSync(path, { cwd: stand.root, env })
  run("bin/bridge", { CNI_COMMAND: "ADD" })
  run("bin/firewall", {})
  process.kill(pid, "SIGCONT")
  await stand.end()
  assert.deepEqual(
    stand.begins().map(({ path, env }) => ({ path, env })),
    [{ path: "bin/bridge", env: { CNI_COMMAND: "ADD" } }],
  )
})

test("a plugin that has no file yet is named", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  stand.add("bridge", [])
  await stand.observe(["--plugins", "bridge,brigde,portmpa"])
  const { stderr } = await stand.end()
  assert.deepEqual(stderr.split("\n").slice(0, 2), [
    "cnitap: brigde, portmpa are in no plugin directory yet",
    `cnitap: observing 1 plugins; the capture is ${stand.capture}`,
  ])
})
