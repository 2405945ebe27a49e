import assert from "node:assert/strict"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { compiled } from "../doubles/double.ts"
import { type Seen, Stand } from "./stand.ts"

const CONFIG = '{"cniVersion":"1.0.0","name":"net","type":"plugin"}'
const SEEN: Seen = { stdout: CONFIG, stderr: "done\n", code: 3, signal: null, files: {} }

test("a capture on a file system that hangs delays no answer, and a call by a tenth of a second", async (t) => {
  const stand = Stand.with(t, ["echo", "err done\n", "exit 3"])
  const daemon = await mountFuse("stalled", stand.capture)
  t.after(() => daemon.stdin?.end())
  for (let round = 0; round < 5; round++) {
    const child = stand.start("plugin", { command: "ADD" })
    const startMs = performance.now()
    child.stdin?.end(CONFIG)
    const stdout = child.stdout ? String((await once(child.stdout, "data"))[0]) : ""
    const answerMs = performance.now() - startMs
    const [code] = await once(child, "close")
    assert.deepEqual([stdout, code], [CONFIG, 3])
    const afterMs = performance.now() - startMs - answerMs
    assert.ok(afterMs < 900, `the call ended ${afterMs} ms after its answer`)
  }
  // What was left behind ends as soon as the file system does.
  daemon.stdin?.end()
  await once(daemon, "close")
  for (let tries = 0; relaysOf(stand).length > 0; tries++) {
    assert.ok(tries < 1000, "recorders are left")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
})

test("nothing is created on a file system of a daemon, also if it answers", async (t) => {
  const stand = Stand.with(t, ["echo", "err done\n", "exit 3"])
  const daemon = await mountFuse("empty", stand.capture)
  let printed = ""
  daemon.stdout?.on("data", (chunk) => (printed += String(chunk)))
  assert.deepEqual(await stand.run("plugin", { command: "ADD", stdin: CONFIG }), SEEN)
  assert.throws(() => writeFileSync(join(stand.capture, "by-another"), ""), { code: "EROFS" })
  daemon.stdin?.end()
  await once(daemon, "close")
  assert.equal(printed, "create\n", "the file of this test is the only one that was to be created")
})

test("a system call that a seccomp filter refuses: the plugin runs all the same", async (t) => {
  const stand = Stand.with(t, ["echo", "err done\n", "exit 3"])
  const { EPERM, ENOSYS, EAGAIN, EACCES, ENOMEM } = constants.errno
  const both = ["begin", "end"]
  const recorded: Record<string, string[]> = {
    vfork: [],
    pipe2: [],
    signalfd4: [],
    clone: both,
    prctl: both,
    close_range: both,
    fstatfs: both,
    madvise: both,
    getrandom: both,
    mmap: both,
  }
  for (const [call, expected] of Object.entries(recorded))
    for (const code of [EPERM, ENOSYS, EAGAIN, EACCES, ENOMEM, 71]) {
      stand.forget()
      const launch = ["-e", "CNI_COMMAND=ADD", "-x", `${call}=${code}`]
      const what = `${call}: errno ${code}`
      assert.deepEqual(await stand.run("plugin", { launch, stdin: CONFIG }), SEEN, what)
      // musl then uses the older system calls without flags.
      const hasOlder = code === ENOSYS && (call === "pipe2" || call === "signalfd4")
      assert.deepEqual(stand.kinds(), hasOlder ? both : expected, what)
    }
})

test("with few descriptors both records are written or none", async (t) => {
  const stand = Stand.with(t, ["echo", "err done\n", "exit 3"])
  for (let files = 4; files <= 16; files++) {
    stand.forget()
    const launch = ["-e", "CNI_COMMAND=ADD", "-f", String(files)]
    assert.deepEqual(await stand.run("plugin", { launch, stdin: CONFIG }), SEEN, `${files} descriptors`)
    assert.deepEqual(stand.kinds(), files < 10 ? [] : ["begin", "end"], `${files} descriptors`)
  }
})

test("little address space, data or stack: the plugin runs as without the relay", (t) => {
  const stand = Stand.with(t, [])
  copyFileSync(compiled(join(import.meta.dirname, "../doubles/cat.c")), join(stand.real, "plugin"))
  const env = { CNI_COMMAND: "ADD", PATH: "/usr/bin:/bin" }
  const limits = [1800, 2000, 3000, 5000, 8000, 20_000].map((kilobytes) => `--as=${kilobytes * 1024}`)
  limits.push(...[900, 1200, 2000, 3000].map((kilobytes) => `--data=${kilobytes * 1024}`))
  limits.push(...[16, 32, 64, 128, 512].map((kilobytes) => `--stack=${kilobytes * 1024}`))
  for (const stdin of [CONFIG, `{"token":"${"x".repeat(500_000)}"}`])
    for (const limit of limits) {
      const { status, stdout } = spawnSync("prlimit", [limit, join(stand.bin, "plugin")], { env, input: stdin })
      assert.deepEqual([limit, status, stdout.toString() === stdin], [limit, 0, true])
    }
})

test("descriptors that are open in the other direction, and a directory: the plugin gets the same errors", async (t) => {
  const stand = new Stand()
  t.after(() => stand.remove())
  const see = async (option: string, path: string) => {
    const launch = ["-e", "CNI_COMMAND=ADD", "-e", "PATH=/usr/bin:/bin", option, path]
    return await stand.run("script", { launch, stdin: CONFIG })
  }
  const script = "#!/bin/sh\ncat >/dev/null || exit 4\n{ echo x; } 2>/dev/null || exit 5\necho y >&2 || exit 6\n"
  const cases = [
    ["-w", "0=/dev/null", 4],
    ["-r", "0=/", 4],
    ["-r", "1=/dev/null", 5],
    ["-r", "2=/dev/null", 6],
  ] as const
  writeFileSync(join(stand.bin, "script"), script, { mode: 0o755 })
  const bare = []
  for (const [option, path, code] of cases) {
    const seen = await see(option, path)
    assert.equal(seen.code, code)
    bare.push(seen)
  }
  stand.wrap("script")
  stand.configure()
  for (const [at, [option, path]] of cases.entries()) assert.deepEqual(await see(option, path), bare[at], path)
})

test("signals 32 to 34 stay blocked if the caller has blocked them", async (t) => {
  const stand = Stand.with(t, ["drain", "facts"])
  const launch = ["-e", "CNI_COMMAND=ADD", "-b", "32", "-b", "33", "-b", "34", "-b", "40"]
  const { stdout } = await stand.run("plugin", { launch, stdin: CONFIG })
  assert.match(stdout, /"SigBlk":"SigBlk:\\u00090000008380000000"/)
  assert.deepEqual(stand.kinds(), ["begin", "end"])
})

test("the relay of a session of its own leads it; the plugin is its child", async (t) => {
  const stand = Stand.with(t, ["drain", "facts"])
  const env = { CNI_COMMAND: "ADD", PATH: "/usr/bin:/bin" }
  const { stdout } = spawnSync("setsid", ["--wait", join(stand.bin, "plugin")], { env, input: CONFIG })
  const [begin] = stand.begins()
  assert.match(stdout.toString(), new RegExp(`"sid":${begin?.pid},"pgrp":${begin?.pid},`))
})

test("stdout is a full device: the relay ends as the plugin does, whose next write gets EPIPE", async (t) => {
  const stand = Stand.with(t, ["ignore 13", "out x", "sleep 50", "out y", "err done\n", "exit 3"])
  const launch = ["-e", "CNI_COMMAND=ADD", "-o", "1=/dev/full"]
  assert.deepEqual(await stand.run("plugin", { launch, stdin: "" }), { ...SEEN, stdout: "" })
  assert.equal(stand.ends()[0]?.stdout.sizeBytes, 1)
})

test("worst-case text delays neither the answer nor, for long, the end", async (t) => {
  const stand = Stand.with(t, ["echo", "err done\n", "exit 3"])
  const texts = [
    "token[[[[".repeat(7000),
    `["token"${"[".repeat(65_000)}`,
    "\0".repeat(1_000_000),
    "tok".repeat(21_000),
  ]
  for (const stdin of texts) {
    stand.forget()
    const startMs = performance.now()
    const seen = await stand.run("plugin", { command: "ADD", stdin })
    assert.deepEqual([seen.stdout === stdin, seen.stderr, seen.code], [true, "done\n", 3])
    assert.ok(performance.now() - startMs < 3000)
    for (let tries = 0; stand.ends().length === 0; tries++) {
      assert.ok(tries < 1000, "no end record")
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
})

test("in a memory cgroup of 4 MB, with streams of 64 MB and secrets in their beginning: the answer, and both records", (t) => {
  const stand = Stand.with(t, ["drain", "err token=hunter2hunter2\n", "stdout 67108864", "stderr 67108864", "exit 3"])
  const { run, peakBytes } = memoryCgroup(t, 4 << 20)
  const { status, signal, stdout } = run(join(stand.bin, "plugin"), { CNI_COMMAND: "ADD", PATH: "/usr/bin:/bin" })
  assert.deepEqual([status, signal, stdout.length], [3, null, 67_108_864])
  // On a busy machine it takes longer than a second.
  assert.deepEqual(
    stand.kinds().filter((kind) => kind !== "progress"),
    ["begin", "end"],
  )
  t.diagnostic(`cgroup: ${(peakBytes() / 1e6).toFixed(1)} MB at most`)
})

test("the relay needs less than 2 MB whatever the streams carry", async (t) => {
  const stand = Stand.with(t, [
    "drain",
    "garbage 300000",
    "stdout 3000000",
    "err token=x \u{1f310}\n",
    "stderr 3000000",
    "hang",
  ])
  const child = stand.start("plugin", { command: "ADD" })
  child.stdin?.end(JSON.stringify({ token: "x".repeat(1_000_000) }))
  let received = 0
  child.stdout?.on("data", (chunk: Buffer) => (received += chunk.length))
  child.stderr?.resume()
  for (let tries = 0; received < 3_300_000 || !stand.kinds().includes("progress"); tries++) {
    assert.ok(tries < 1000, "no progress record")
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]
  child.kill("SIGKILL")
  t.diagnostic(`${peak} kB`)
  assert.ok(Number(peak) <= 2000, `${peak} kB`)
})

async function mountFuse(kind: "stalled" | "empty", directory: string): Promise<ChildProcess> {
  const daemon = spawn(compiled(join(import.meta.dirname, "../doubles/fuse.c")), [kind, directory], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  await once(daemon.stdout, "data")
  return daemon
}

/** Processes whose executable is a relay of this stand. */
function relaysOf(stand: Stand): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith(stand.bin)
    } catch {
      return false
    }
  })
}

/** Runs programs in a new memory cgroup, of version 2 or 1. */
function memoryCgroup(t: TestContext, limitBytes: number) {
  const isV1 = existsSync("/sys/fs/cgroup/memory/memory.limit_in_bytes")
  const directory = join(isV1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup", `cnitap-test-${process.pid}`)
  mkdirSync(directory)
  t.after(() => rmdirSync(directory))
  if (!isV1) writeFileSync("/sys/fs/cgroup/cgroup.subtree_control", "+memory")
  writeFileSync(join(directory, isV1 ? "memory.limit_in_bytes" : "memory.max"), String(limitBytes))
  const join_ = `echo 0 > ${directory}/cgroup.procs && exec "$1"`
  return {
    run: (program: string, env: Record<string, string>) =>
      spawnSync("sh", ["-c", join_, "sh", program], { env, input: CONFIG, maxBuffer: 1 << 28 }),
    peakBytes: () => Number(readFileSync(join(directory, isV1 ? "memory.max_usage_in_bytes" : "memory.peak"), "utf8")),
  }
}
