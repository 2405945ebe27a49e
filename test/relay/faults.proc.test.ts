import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { compiled } from "../doubles/double.ts"
import { RELAY, type Seen, Stand } from "./stand.ts"

const STEPS = ["echo", "err done\n", "file made x", "exit 3"]
const CONFIG = '{"cniVersion":"1.0.0","name":"net","type":"plugin"}'
const SEEN: Seen = { stdout: CONFIG, stderr: "done\n", code: 3, signal: null, files: { made: "x" } }

/** Whatever prevents recording, the runtime sees the plugin's result. */
async function runs(stand: Stand, what: string): Promise<void> {
  assert.deepEqual(await stand.run("plugin", { command: "ADD", stdin: CONFIG }), SEEN, what)
}

/** The segment of the next record; near the end of an hour there are two. */
function segmentPaths(stand: Stand): string[] {
  return [0, 60_000].map((aheadMs) => {
    const [date, time] = new Date(Date.now() + aheadMs).toISOString().split("T")
    return join(stand.capture, `calls-${date?.replaceAll("-", "")}T${time?.slice(0, 2)}.jsonl`)
  })
}

test("the capture directory is missing, a file, a symlink, accessible to others, or another user's", async (t) => {
  const stand = Stand.with(t, STEPS)
  rmSync(stand.capture, { recursive: true })
  await runs(stand, "missing")
  assert.equal(existsSync(stand.capture), false)

  writeFileSync(stand.capture, "not a directory")
  await runs(stand, "a file")
  assert.equal(readFileSync(stand.capture, "utf8"), "not a directory")
  rmSync(stand.capture)

  const elsewhere = join(stand.root, "elsewhere")
  mkdirSync(elsewhere, { mode: 0o700 })
  symlinkSync(elsewhere, stand.capture)
  await runs(stand, "a symlink")
  rmSync(stand.capture)

  renameSync(elsewhere, stand.capture)
  for (const mode of [0o755, 0o770, 0o701]) {
    chmodSync(stand.capture, mode)
    await runs(stand, mode.toString(8))
  }
  chmodSync(stand.capture, 0o700)
  chownSync(stand.capture, 12345, 0)
  await runs(stand, "another user's")
  assert.deepEqual(stand.segments(), [])

  chownSync(stand.capture, 0, 0)
  await runs(stand, "right again")
  assert.deepEqual(
    stand.records().map(({ kind }) => kind),
    ["begin", "end"],
  )
})

test("only the owner can read segments, whatever the umask", async (t) => {
  const stand = Stand.with(t, STEPS)
  for (const umask of ["0", "777"]) {
    stand.forget()
    await stand.run("plugin", { launch: ["-e", "CNI_COMMAND=ADD", "-u", umask] })
    const modes = stand.segments().map((name) => (statSync(join(stand.capture, name)).mode & 0o7777).toString(8))
    assert.deepEqual(modes, ["600"])
  }
})

test("the segment was replaced by a symlink, a FIFO, a directory, a second hard link, or another user's file", async (t) => {
  const stand = Stand.with(t, STEPS)
  const victim = join(stand.root, "victim")
  const replacements: Record<string, (path: string) => void> = {
    symlink: (path) => symlinkSync(victim, path),
    "dangling symlink": (path) => symlinkSync(join(stand.root, "nowhere"), path),
    FIFO: (path) => void execFileSync("mkfifo", [path]),
    directory: (path) => mkdirSync(path),
    "hard link": (path) => linkSync(victim, path),
    "another user's": (path) => {
      writeFileSync(path, "theirs")
      chownSync(path, 12345, 0)
    },
  }
  for (const [what, replace] of Object.entries(replacements)) {
    writeFileSync(victim, "untouched")
    for (const path of segmentPaths(stand)) {
      rmSync(path, { recursive: true, force: true })
      if (what !== "hard link" || path === segmentPaths(stand)[0]) replace(path)
    }
    await runs(stand, what)
    assert.equal(readFileSync(victim, "utf8"), "untouched", what)
    assert.equal(existsSync(join(stand.root, "nowhere")), false, what)
    for (const path of segmentPaths(stand)) rmSync(path, { recursive: true, force: true })
  }
})

test("the disk is read-only, then full, then has room again", async (t) => {
  const stand = Stand.with(t, STEPS)
  mount("-t", "tmpfs", "-o", "size=128k,mode=0700", "cnitap-test", stand.capture)
  try {
    mount("-o", "remount,ro", stand.capture)
    await runs(stand, "read-only")
    assert.deepEqual(stand.segments(), [])

    mount("-o", "remount,rw", stand.capture)
    const filler = join(stand.capture, "filler")
    const room = 128 * 1024 - 2 * 4096
    writeFileSync(filler, Buffer.alloc(room))
    for (let round = 0; round < 12; round++) await runs(stand, "full")
    truncateSync(filler, 0)
    await runs(stand, "room again")

    // The last percent of a disk stays free.
    mount("-o", "remount,size=16m", stand.capture)
    writeFileSync(filler, Buffer.alloc(16 * 1024 * 1024 - 100_000))
    const before = stand.lines().length
    await runs(stand, "nearly full")
    assert.equal(stand.lines().length, before)

    // A write that fills the disk is torn: it damages no other line.
    const decoded = stand.decoded().map(({ kind }) => kind)
    assert.equal(decoded.filter((kind) => kind !== "record").length <= 12, true)
    assert.deepEqual(decoded.slice(-2), ["record", "record"])
  } finally {
    execFileSync("umount", [stand.capture])
  }
})

test("the configuration is missing, garbage, of another type, newer, huge, a directory or a FIFO", async (t) => {
  const stand = Stand.with(t, STEPS)
  const capture = stand.capture
  const texts = {
    empty: "",
    garbage: Buffer.from([0, 255, 1, 254, 123]),
    cut: '{"format":1,"capture":"/',
    "not an object": "null",
    list: "[]",
    number: "1e999",
    "no format": JSON.stringify({ capture }),
    newer: JSON.stringify({ format: 2, capture }),
    "format as text": JSON.stringify({ format: "1", capture }),
    "no capture": JSON.stringify({ format: 1 }),
    "capture is a number": JSON.stringify({ format: 1, capture: 7 }),
    "relative capture": JSON.stringify({ format: 1, capture: "capture" }),
    huge: JSON.stringify({ format: 1, capture, padding: "x".repeat(100_000) }),
    deep: "[".repeat(60_000),
    "deep and well-formed": `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
  }
  for (const [what, text] of Object.entries(texts)) {
    stand.write(text)
    await runs(stand, what)
    assert.deepEqual(stand.segments(), [], what)
  }
  rmSync(stand.configFile)
  await runs(stand, "missing")
  mkdirSync(stand.configFile)
  await runs(stand, "a directory")
  rmSync(stand.configFile, { recursive: true })
  execFileSync("mkfifo", [stand.configFile])
  await runs(stand, "a FIFO")
  rmSync(stand.configFile)
  symlinkSync("/dev/zero", stand.configFile)
  await runs(stand, "/dev/zero")
  assert.deepEqual(stand.segments(), [])
})

test("other keys of the wrong type have their defaults, and the call is recorded", async (t) => {
  const stand = Stand.with(t, STEPS)
  const odd = {
    maxSizeBytes: "1",
    streamBytes: -5,
    raw: "yes",
    logFile: 7,
    untilMs: "x",
    sampleOneIn: 0,
    onlyFailures: 1,
  }
  stand.configure(odd)
  await runs(stand, "odd")
  assert.deepEqual(
    stand.records().map(({ kind }) => kind),
    ["begin", "end"],
  )
})

test("invalid stdin is passed on and recorded unchanged", async (t) => {
  const stand = Stand.with(t, STEPS)
  stand.configure({ streamBytes: 1_000_000 })
  const inputs = [
    Buffer.from([0, 255, 254, 10, 13]),
    Buffer.from('{"a":'),
    Buffer.alloc(70_000, 0xc3),
    Buffer.from("[".repeat(200_000)),
  ]
  for (const stdin of inputs) {
    stand.forget()
    const seen = await stand.run("plugin", { command: "ADD", stdin })
    assert.equal(Buffer.from(seen.stdout, "latin1").equals(stdin), true)
    const recorded = stand.stdins()[0]
    assert.equal(recorded?.sizeBytes, stdin.length)
    const bytes = recorded && ("text" in recorded ? Buffer.from(recorded.text) : Buffer.from(recorded.base64, "base64"))
    assert.equal(bytes?.equals(stdin), true)
  }
})

test("a stream longer than the limit is truncated in the record, with its full size", async (t) => {
  const stand = Stand.with(t, STEPS)
  stand.configure({ streamBytes: 10 })
  const seen = await stand.run("plugin", { command: "ADD", stdin: "12345678\u{1f310} and more" })
  assert.equal(Buffer.from(seen.stdout, "latin1").toString(), "12345678\u{1f310} and more")
  const [end] = stand.ends()
  // A character that crosses the limit is omitted.
  assert.deepEqual(end?.stdout, { sizeBytes: 21, truncated: true, text: "12345678" })
  assert.deepEqual(end?.stderr, { sizeBytes: 5, text: "done\n" })
})

test("the original cannot be executed: libcni gets the error that it would have had without the relay", async (t) => {
  const stand = Stand.with(t, STEPS)
  const original = join(stand.real, "plugin")
  const failures: [what: string, error: string, make: () => void][] = [
    ["not executable", "permission denied", () => chmodSync(original, 0o644)],
    ["no program", "exec format error", () => writeFileSync(original, "no program")],
    ["no interpreter", "no such file or directory", () => writeFileSync(original, "#!/usr/bin/nopython\n")],
    ["a directory on the way", "not a directory", () => writeFileSync(original, `#!${stand.configFile}/x\n`)],
  ]
  for (const [what, error, make] of failures) {
    make()
    if (what !== "not executable") chmodSync(original, 0o755)
    // libcni's pluginErr makes the same text of a failed exec (pkg/invoke/raw_exec.go).
    const msg = `netplugin failed with no error message: fork/exec ${stand.bin}/plugin: ${error}`
    const failed = { code: 1, signal: null, files: {}, stderr: `cnitap: cannot execute ${original}: ${error}\n` }
    for (const isRecorded of [true, false]) {
      if (isRecorded) stand.configure()
      else stand.write("")
      const seen = await stand.run("plugin", { command: "DEL", stdin: CONFIG })
      assert.deepEqual(seen, { ...failed, stdout: `{"code":0,"msg":${JSON.stringify(msg)}}\n` }, what)
    }
    const shell = await stand.run("plugin", {})
    assert.deepEqual([shell.code, shell.stdout], [what === "no interpreter" ? 127 : 126, ""], what)
  }
  assert.deepEqual(
    stand.ends().map(({ exit }) => exit),
    [{ errno: 13 }, { errno: 8 }, { errno: 2 }, { errno: 20 }],
  )
})

test("the original cannot be executed: what it was given is recorded, as far as the caller has written it", (t) => {
  const stand = Stand.with(t, STEPS)
  const file = join(stand.root, "stdin")
  const fifo = join(stand.root, "fifo")
  writeFileSync(join(stand.real, "plugin"), "no program")
  writeFileSync(file, CONFIG)
  execFileSync("mkfifo", [fifo])
  // Opened for reading and writing, a FIFO has no end.
  for (const stdin of [`<${file}`, `3<>${fifo}; exec <&3`, `3<>${fifo}; printf %s '{"na' >&3; exec <&3`])
    assert.equal(spawnSync("sh", ["-c", `exec ${stdin}; CNI_COMMAND=ADD exec ${stand.bin}/plugin`]).status, 1)
  assert.deepEqual(stand.stdins(), [
    { sizeBytes: CONFIG.length, text: CONFIG },
    undefined,
    { sizeBytes: 4, truncated: true, text: '{"na' },
  ])
})

test("the original is missing: the fault is ours, and a DEL must not look like success", async (t) => {
  const stand = Stand.with(t, STEPS)
  rmSync(join(stand.real, "plugin"))
  const missing = await stand.run("plugin", { command: "DEL", stdin: CONFIG })
  assert.deepEqual([missing.code, missing.stdout], [1, ""])
  // go-cni treats a DEL with such a text as success (cni.go:260): the leak would not be noticed.
  assert.doesNotMatch(missing.stderr, /not found|no such file/i)
  assert.deepEqual(
    stand.ends().map(({ exit }) => exit),
    [{ errno: 2 }],
  )
})

test("the original is the relay: a copy, a hard link, a symlink back", { timeout: 20_000 }, async (t) => {
  const stand = Stand.with(t, STEPS)
  const original = join(stand.real, "plugin")
  const wrapped = join(stand.bin, "plugin")
  const ways: Record<string, () => void> = {
    copy: () => copyFileSync(RELAY, original),
    "hard link": () => linkSync(wrapped, original),
    symlink: () => symlinkSync(wrapped, original),
  }
  for (const recorded of [true, false]) {
    if (!recorded) stand.write("")
    for (const [what, replace] of Object.entries(ways)) {
      rmSync(original, { force: true })
      replace()
      const seen = await stand.run("plugin", { command: "ADD", stdin: CONFIG })
      assert.deepEqual([seen.code, seen.signal, seen.stdout], [1, null, ""], what)
      assert.match(seen.stderr, /^cnitap: cannot execute /, what)
    }
  }
})

test("a plugin that calls itself endlessly is stopped at the eighth level, recorded or not", async (t) => {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.add("loop", ["delegate"])
  stand.wrap("loop")
  const env = { DOUBLE_DEPTH: "1000000" }
  stand.write("")
  const seen = await stand.run("loop", { command: "ADD", env, stdin: CONFIG })
  assert.equal(seen.code, 1)
  assert.deepEqual(JSON.parse(seen.stdout), {
    code: 999,
    msg: "cnitap: loop calls itself: 8 nested calls",
    details: `run "cnitap uninstall" and look at ${join(stand.bin, "loop")}`,
  })
  stand.configure()
  assert.deepEqual(await stand.run("loop", { command: "ADD", env, stdin: CONFIG }), seen)
  // Each process writes its own record, so that they come in any order.
  const begins = stand.begins().sort((a, b) => a.monoMs - b.monoMs)
  assert.deepEqual(
    begins.map(({ depth }) => depth),
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
  assert.deepEqual(
    begins.map(({ parent }) => parent),
    [undefined, ...begins.slice(0, -1).map(({ id }) => id)],
  )
})

test("almost no free descriptors", async (t) => {
  const stand = Stand.with(t, STEPS)
  // The double itself needs one descriptor, for its steps and its side effect.
  for (const files of [4, 5, 6, 7, 8, 9, 10, 12]) {
    const seen = await stand.run("plugin", {
      launch: ["-e", "CNI_COMMAND=ADD", "-f", String(files)],
      stdin: CONFIG,
    })
    assert.deepEqual(seen, SEEN, `${files} descriptors`)
  }
})

test("the capture reaches RLIMIT_FSIZE", async (t) => {
  const stand = Stand.with(t, STEPS)
  for (const bytes of [1, 400, 1200]) {
    const launch = ["-e", "CNI_COMMAND=ADD", "-s", String(bytes)]
    assert.deepEqual(await stand.run("plugin", { launch, stdin: CONFIG }), SEEN, `${bytes} bytes`)
    stand.forget()
  }
})

test("almost no memory", async (t) => {
  const stand = Stand.with(t, STEPS)
  const stdin = JSON.stringify({ name: "net", token: "x".repeat(600_000) })
  const bare = { ...SEEN, stdout: stdin }
  for (let megabytes = 3; megabytes < 12; megabytes++) {
    const launch = ["-e", "CNI_COMMAND=ADD", "-m", String(megabytes * 1_000_000)]
    assert.deepEqual(await stand.run("plugin", { launch, stdin }), bare, `${megabytes} MB`)
  }
})

test("no memory for the record of a long stdin: the plugin gets all of it", (t) => {
  const stand = Stand.with(t, STEPS)
  copyFileSync(compiled(join(import.meta.dirname, "../doubles/cat.c")), join(stand.bin, "plugin"))
  stand.wrap("plugin")
  const stdin = "z".repeat(1_000_000)
  // The kernel cannot load the executable in less than 1.8 MB.
  for (let kilobytes = 1800; kilobytes <= 3000; kilobytes += 100) {
    const limited = [`--as=${kilobytes * 1024}`, join(stand.bin, "plugin")]
    const env = { CNI_COMMAND: "ADD", PATH: "/usr/bin:/bin" }
    const { status, stdout } = spawnSync("prlimit", limited, { env, input: stdin, maxBuffer: 1 << 22 })
    assert.deepEqual([status, stdout.toString() === stdin], [0, true], `${kilobytes} KiB`)
  }
})

test("fork fails: the relay executes the plugin in its own process, with complete stdin", async (t) => {
  const stand = Stand.with(t, STEPS)
  chmodSync(stand.root, 0o755)
  // RLIMIT_NPROC counts all processes of a user: this user has only this one.
  const limited = ["--reuid=54321", "--clear-groups", "--", "prlimit", "--nproc=1:1", join(stand.bin, "plugin")]
  for (const directory of [stand.capture, stand.work]) chownSync(directory, 54321, 0)
  for (const size of [10, 70_000, 900_000]) {
    const stdin = "y".repeat(size)
    const env = { CNI_COMMAND: "ADD", PATH: "/usr/bin:/bin" }
    const seen = spawnSync("setpriv", limited, { env, input: stdin, cwd: stand.work, maxBuffer: 1 << 22 })
    assert.deepEqual([seen.status, seen.stdout.toString() === stdin, seen.stderr.toString()], [3, true, "done\n"])
  }
  // Nothing is recorded: there was no process for it.
  assert.deepEqual(stand.records(), [])
})

test("the original is still open for writing: the relay retries, as libcni does", async (t) => {
  const stand = Stand.with(t, STEPS)
  const writer = openSync(join(stand.real, "plugin"), "r+")
  setTimeout(() => closeSync(writer), 250)
  await runs(stand, "busy")
})

test("no room for another variable", async (t) => {
  const stand = Stand.with(t, STEPS)
  // The kernel limits path, arguments and environment together to a quarter of RLIMIT_STACK, and each string to 128 KiB.
  const environment = (bytes: number) => {
    const env: Record<string, string> = { CNI_COMMAND: "ADD", PATH: "/usr/bin:/bin" }
    for (let at = 10; bytes > 0; at++, bytes -= 100_000) env[`FILL${at}`] = "f".repeat(Math.min(bytes, 100_000))
    return env
  }
  const original = join(stand.real, "plugin")
  let [fits, tooMuch] = [1_000_000, 8_000_000]
  while (tooMuch - fits > 1) {
    const middle = Math.floor((fits + tooMuch) / 2)
    const { error } = spawnSync(original, { env: environment(middle), input: "[]", cwd: stand.work })
    if (error) tooMuch = middle
    else fits = middle
  }
  for (const spare of [16, 24, 200]) {
    const seen = await stand.run("plugin", { env: environment(fits - spare), stdin: CONFIG })
    assert.deepEqual(seen, SEEN, `${spare} bytes to spare`)
  }
  assert.equal(stand.ends().length, 3)
})

test("a path of almost PATH_MAX", async (t) => {
  const stand = new Stand()
  t.after(() => stand.remove())
  const name = "p".repeat(240)
  stand.add(name, STEPS)
  stand.wrap(name)
  stand.configure()
  assert.deepEqual(await stand.run(name, { command: "ADD", stdin: CONFIG }), SEEN)
  assert.equal(stand.begins()[0]?.plugin, name)
})

function mount(...args: string[]): void {
  execFileSync("mount", args)
}
