/**
 * What cnitap expects of Node.js' modules, as a program: it prints what each call gives. `contract.proc.test.ts` runs it
 * with Node.js and compiled into an executable. Its argument is an empty directory.
 */
import { spawn, spawnSync } from "node:child_process"
import { createHash, randomUUID } from "node:crypto"
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  createReadStream,
  existsSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  opendirSync,
  openSync,
  promises,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  unlinkSync,
  watch,
  writeSync,
} from "node:fs"
import { endianness, hostname, tmpdir } from "node:os"
import { basename, dirname, isAbsolute, join, normalize, relative, resolve } from "node:path"
import { pipeline } from "node:stream/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { crc32, createGunzip, createGzip, gunzipSync } from "node:zlib"

const [root = ""] = process.argv.slice(2)
const at = (name: string) => join(root, name)

paths()
buffers()
files()
directories()
failures()
programs()
hashes()
await streams()
await timers()
await signals()
await programsBeside()
await watching()
await endOfStdin()
exit()

/** One line: the values as JSON; of what throws, the properties of the error. */
function show(what: string, act: () => unknown): void {
  let result: unknown
  try {
    result = act()
  } catch (error) {
    const { name, message, code, errno, syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string }
    result = { name, message, code, errno, syscall, path, dest }
  }
  process.stdout.write(`${what}: ${JSON.stringify(result, plain)?.replaceAll(root, "ROOT")}\n`)
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value
}

function paths(): void {
  const texts = [
    "",
    "/",
    "a",
    "a/",
    "/a/b/",
    "//a//b",
    "a/../..",
    "/..",
    "./a/./b",
    "../a",
    "a/b/../c/",
    "/a/.b.c",
    "..",
    ".",
  ]
  for (const text of texts)
    show(`path ${JSON.stringify(text)}`, () => [
      normalize(text),
      dirname(text),
      basename(text),
      text.endsWith("/") ? "" : basename(text, ".c"),
      isAbsolute(text),
      join(text, "x"),
      join("/y", text, "../z"),
      resolve("/r", text),
      relative("/a/b", resolve("/", text)),
    ])
  show("resolve", () => resolve("x") === join(process.cwd(), "x"))
}

function buffers(): void {
  const texts = ["", "plain", "é€😀", "\ud800x\udc00", "\u0000\u007f\u0080\u00ff"]
  for (const text of texts) {
    const bytes = Buffer.from(text)
    show(`text ${JSON.stringify(text)}`, () => [
      bytes.toString("hex"),
      bytes.toString("base64"),
      bytes.toString("base64url"),
      bytes.toString("latin1"),
      bytes.toString(),
      Buffer.byteLength(text),
      Buffer.from(text, "latin1").toString("hex"),
      Buffer.from(text, "utf16le").toString("hex"),
      Buffer.from(text, "utf16le").toString("utf16le") === text,
    ])
  }
  const broken = [
    "ff",
    "c3",
    "c3a9c3",
    "e282",
    "e2e282ac",
    "f09f98",
    "f09f9880f0",
    "eda080",
    "c0af",
    "f4908080",
    "80bf41",
  ]
  for (const hex of broken) show(`bytes ${hex}`, () => Buffer.from(hex, "hex").toString("utf8"))
  for (const base64 of ["YQ==", "YQ", "YWI=", "YW Jj", "-_-_", "+/+/", "Y", "YQ==YQ=="])
    show(`base64 ${base64}`, () => Buffer.from(base64, "base64").toString("hex"))
  for (const hex of ["abc", "0g11", "ABCDEF"]) show(`hex ${hex}`, () => Buffer.from(hex, "hex").toString("hex"))
  const bytes = Buffer.from("abcabc\nabc")
  show("search", () => [
    bytes.indexOf(10),
    bytes.indexOf("bc"),
    bytes.indexOf(Buffer.from("bc"), 2),
    bytes.indexOf("x"),
    bytes.indexOf(99, -2),
    bytes.lastIndexOf("abc"),
    bytes.lastIndexOf(97, 6),
    bytes.lastIndexOf("zz"),
    bytes.includes("c\n"),
    bytes.subarray(3, 5).toString(),
    bytes.subarray(-3).toString(),
    bytes.toString("latin1", 2, 4),
    bytes.equals(Buffer.from("abcabc\nabc")),
    Buffer.compare(Buffer.from("a"), Buffer.from("ab")),
    bytes.compare(Buffer.from("abd"), 0, 3, 0, 3),
    Buffer.concat([bytes, Buffer.from("x")]).length,
    Buffer.concat([bytes, bytes], 12).toString("latin1"),
    Buffer.from(bytes).equals(bytes),
    Buffer.from([1, 2, 300]).toString("hex"),
    Buffer.alloc(5, "ab").toString(),
  ])
  const numbers = Buffer.alloc(16)
  numbers.writeUInt32LE(0xfedcba98, 0)
  numbers.writeBigUInt64LE(0x1122334455667788n, 4)
  numbers.copy(numbers, 12, 0, 4)
  show("numbers", () => [
    numbers.toString("hex"),
    numbers.readUInt32LE(0),
    numbers.readUInt16LE(1),
    numbers.readUInt16BE(1),
    numbers.readUInt32BE(4),
    numbers.readBigUInt64LE(4),
    Buffer.from("abcd").swap16().toString(),
  ])
}

function files(): void {
  const path = at("file")
  const fd = openSync(path, "wx+", 0o640)
  show("write", () => [
    writeSync(fd, "hello\n"),
    writeSync(fd, Buffer.from("world"), 1, 3),
    writeSync(fd, Buffer.from("J"), 0, 1, 0),
  ])
  const bytes = Buffer.alloc(20)
  show("read", () => [
    readSync(fd, bytes, 2, 4, 1),
    bytes.toString("latin1", 0, 8),
    readSync(fd, bytes, 0, 20, 0),
    readSync(fd, bytes),
  ])
  show("sync", () => fsyncSync(fd))
  show("fstat", () => [fstatSync(fd).size, fstatSync(fd).isFile(), fstatSync(fd).mode.toString(8)])
  closeSync(fd)
  show("readFile", () => [
    readFileSync(path, "utf8"),
    readFileSync(path).toString("hex"),
    readFileSync("/dev/null", "utf8"),
  ])
  show("long file", () => {
    const long = openSync(at("long"), "w")
    for (let line = 0; line < 5000; line++) writeSync(long, `line ${line} of a long file\n`)
    closeSync(long)
    return [statSync(at("long")).size, readFileSync(at("long")).length, sha256(readFileSync(at("long")))]
  })
  const append = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW)
  writeSync(append, "!")
  closeSync(append)
  show("append", () => readFileSync(path, "latin1"))
  chmodSync(path, 0o4711)
  symlinkSync("file", at("link"))
  symlinkSync("nowhere", at("dangling"))
  linkSync(path, at("second"))
  for (const name of ["file", "link", "second", "dangling", "nothing", ".", "file/x"])
    for (const [kind, read] of [
      ["stat", statSync],
      ["lstat", lstatSync],
    ] as const)
      show(`${kind} ${name}`, () => {
        const found = read(at(name), { throwIfNoEntry: false })
        if (!found) return found
        const { mode, size, nlink, uid, gid, mtimeMs, ino, dev } = found
        const exact = read(at(name), { bigint: true })
        return [
          mode.toString(8),
          name === "." ? "" : size,
          nlink,
          uid === process.getuid?.(),
          gid === statSync(root).gid,
          [found.isFile(), found.isDirectory(), found.isSymbolicLink(), found.isFIFO(), found.isCharacterDevice()],
          mtimeMs > 1.7e12 && Math.abs(Number(exact.mtimeNs) / 1e6 - mtimeMs) < 1e-3,
          exact.ino === BigInt(ino) && exact.dev === BigInt(dev),
        ]
      })
  show(
    "the time is the same in all its forms",
    () => statSync("/proc/self/exe").mtimeMs === lstatSync(realpathSync("/proc/self/exe")).mtimeMs,
  )
  show("readlink", () => [readlinkSync(at("link")), readlinkSync(at("dangling"))])
  show("realpath", () => [realpathSync(at("link")), realpathSync(root) === realpathSync(at("./.")), realpathSync("/")])
  show("exists", () => [existsSync(path), existsSync(at("dangling")), existsSync(""), existsSync(root)])
  show("access", () => [accessSync(path), accessSync(path, constants.R_OK | constants.W_OK)])
  show("statfs", () => {
    const { type, bsize, blocks, bavail, bfree, ffree, files: inodes } = statfsSync("/proc")
    return [type, bsize, blocks, bavail, bfree, ffree, inodes]
  })
  show("rename", () => [renameSync(at("second"), at("third")), existsSync(at("second"))])
  show("unlink", () => [unlinkSync(at("third")), rmSync(at("third"), { force: true }), rmSync(at("dangling"))])
}

function directories(): void {
  mkdirSync(at("directory"), { mode: 0o710 })
  mkdirSync(at("directory/deep/er"), { recursive: true })
  for (const name of ["b", "a", "B", "é", "a b", "10", "9"]) closeSync(openSync(at(`directory/${name}`), "w"))
  show("readdir", () => [readdirSync(at("directory")), statSync(at("directory")).mode.toString(8)])
  show("opendir", () => {
    const entries = opendirSync(at("directory"), { bufferSize: 4096 })
    const names: string[] = []
    for (let entry = entries.readSync(); entry; entry = entries.readSync()) names.push(entry.name)
    entries.closeSync()
    return names.sort()
  })
  show("mkdtemp", () => [mkdtempSync(at("t-")).length - root.length, statSync(mkdtempSync(at("u-"))).mode.toString(8)])
  show("rm", () => [rmSync(at("directory/deep"), { recursive: true }), existsSync(at("directory/deep"))])
}

function failures(): void {
  symlinkSync("loop", at("loop"))
  const long = at("x".repeat(300))
  const calls: [string, () => unknown][] = [
    ["open nothing", () => openSync(at("nothing"), "r")],
    ["open again", () => openSync(at("file"), "wx")],
    ["open below a file", () => openSync(at("file/x"), "r")],
    ["open a directory to write", () => openSync(at("directory"), "w")],
    ["open a loop", () => openSync(at("loop"), "r")],
    ["open a link", () => openSync(at("link"), constants.O_RDONLY | constants.O_NOFOLLOW)],
    ["open a long name", () => openSync(long, "r")],
    ["open a new file in nothing", () => openSync(at("nothing/x"), "w")],
    ["read a directory", () => readFileSync(at("directory"))],
    ["read nothing", () => readFileSync(at("nothing"), "utf8")],
    ["read a closed file", () => readSync(999, Buffer.alloc(1))],
    ["write to a file opened to read", () => writeSync(openSync(at("file"), "r"), "x")],
    ["close nothing", () => closeSync(999)],
    ["stat nothing", () => statSync(at("nothing"))],
    ["stat below a file", () => statSync(at("file/x"))],
    ["lstat nothing", () => lstatSync(at("nothing"))],
    ["stat a loop", () => statSync(at("loop"), { throwIfNoEntry: false })],
    ["fstat nothing", () => fstatSync(999)],
    ["statfs nothing", () => statfsSync(at("nothing"))],
    ["access nothing", () => accessSync(at("nothing"))],
    ["access to execute", () => accessSync(at("long"), constants.X_OK)],
    ["readlink of a file", () => readlinkSync(at("file"))],
    ["realpath of nothing", () => realpathSync(at("nothing/x"))],
    ["readdir of nothing", () => readdirSync(at("nothing"))],
    ["readdir of a file", () => readdirSync(at("file"))],
    ["opendir of nothing", () => opendirSync(at("nothing"))],
    ["opendir of a file", () => opendirSync(at("file"))],
    ["mkdir again", () => mkdirSync(at("directory"))],
    ["mkdir in nothing", () => mkdirSync(at("nothing/x"))],
    ["rmdir that is not empty", () => rmdirSync(at("directory"))],
    ["rmdir of nothing", () => rmdirSync(at("nothing"))],
    ["rmdir of a file", () => rmdirSync(at("file"))],
    ["unlink nothing", () => unlinkSync(at("nothing"))],
    ["rename nothing", () => renameSync(at("nothing"), at("x"))],
    ["rename onto a directory", () => renameSync(at("file"), at("directory"))],
    ["link nothing", () => linkSync(at("nothing"), at("x"))],
    ["link again", () => linkSync(at("file"), at("long"))],
    ["symlink again", () => symlinkSync("x", at("file"))],
    ["chmod nothing", () => chmodSync(at("nothing"), 0o600)],
    ["watch nothing", () => watch(at("nothing"), () => {})],
    ["mkdtemp in nothing", () => mkdtempSync(at("nothing/x-"))],
  ]
  for (const [what, act] of calls) show(what, act)
}

function programs(): void {
  const run = (file: string, args: readonly string[], options: object = {}) => {
    const { status, signal, stdout, stderr, error } = spawnSync(file, args, options)
    const { message, code, path } = (error ?? {}) as NodeJS.ErrnoException
    return [status, signal, stdout && String(stdout), stderr && String(stderr), message, code, path]
  }
  show("program", () => run("sh", ["-c", "cat; echo out; echo err >&2; exit 3"], { input: "in\n" }))
  show("program that is killed", () => run("sh", ["-c", "kill -9 $$"]))
  show("program that hangs", () => run("sleep", ["60"], { timeout: 50 }))
  show("program that reads nothing", () => run("true", [], { input: "x".repeat(1 << 20) }).slice(0, 2))
  show("no program", () => run("no-such-program", ["x"]))
  show("no program there", () => run(at("nothing"), []))
  show("no program but a file", () => run(at("long"), []))
  show("environment", () =>
    run("/bin/sh", ["-c", 'echo "$A-$B-$0"; pwd'], { env: { A: "1", B: undefined }, cwd: "/usr", argv0: "named" }),
  )
  show("much output", () => run("/bin/sh", ["-c", "head -c 500000 /dev/zero"]).map((part) => String(part).length))
  show("text", () => spawnSync("echo", ["é"], { encoding: "latin1" }).stdout)
}

function hashes(): void {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])
    show(`sha256 of ${size}`, () => sha256(Buffer.alloc(size, 97)))
  show("sha256 of parts", () => createHash("sha256").update("a").update(Buffer.from("bé")).digest("base64"))
  show("crc32", () => [crc32("abc"), crc32(Buffer.from("c"), crc32("ab")), crc32("")])
  show("uuid", () => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(randomUUID()))
  show("os", () => [endianness(), hostname().length > 0, tmpdir()])
  show("process", () => [
    process.platform,
    process.arch,
    process.pid > 0,
    typeof process.hrtime.bigint(),
    process.cwd() === resolve("."),
  ])
  const packed = "H4sIAAAAAAAAA0tMSk5JTQMAryEJ9QYAAAA="
  show("gunzip", () => gunzipSync(Buffer.from(packed, "base64")).toString("latin1"))
  show("gunzip of a part", () => gunzipSync(Buffer.from(packed, "base64").subarray(0, 20)))
  show("gunzip of text", () => gunzipSync(Buffer.from("no gzip at all")))
}

async function streams(): Promise<void> {
  const gzip = createGzip()
  const chunks: Buffer[] = []
  const collected = (async () => {
    for await (const chunk of gzip) chunks.push(chunk as Buffer)
  })()
  for (let line = 0; line < 20_000; line++)
    if (!gzip.write(`line ${line} ${line * 7919}\n`)) await new Promise<void>((done) => gzip.once("drain", done))
  gzip.end()
  await collected
  const packed = Buffer.concat(chunks)
  show("gzip", () => [packed.length > 1000, gunzipSync(packed).length, sha256(gunzipSync(packed))])
  const fd = openSync(at("packed"), "w")
  writeSync(fd, Buffer.concat([packed, packed]))
  closeSync(fd)
  const cut = openSync(at("cut"), "w")
  writeSync(cut, packed.subarray(0, packed.length / 2))
  closeSync(cut)
  for (const name of ["packed", "cut", "file", "nothing"]) {
    let bytes = 0
    const unpacked = pipeline(createReadStream(at(name)), createGunzip(), async (parts: AsyncIterable<Buffer>) => {
      for await (const part of parts) bytes += part.length
    })
    const error = await unpacked.then(
      () => undefined,
      ({ code, message }: NodeJS.ErrnoException) => ({ code, message: message.replaceAll(root, "ROOT") }),
    )
    // How much of a cut file is unpacked depends on the size of chunks.
    show(`gunzip ${name}`, () => [name === "cut" ? bytes > 0 : bytes, error])
  }
  const file = await promises.open(at("file"))
  const { bytesRead, buffer } = await file.read(Buffer.alloc(4), 0, 4, 1)
  await file.close()
  show("handle", () => [bytesRead, buffer.toString()])
  const names = await promises.readdir(at("directory"))
  show("names", () => names)
}

async function timers(): Promise<void> {
  const order: string[] = []
  const note = (what: string) => () => void order.push(what)
  setTimeout(note("30 ms"), 30)
  setTimeout(note("10 ms"), 10)
  const cancelled = setTimeout(note("cancelled"), 5)
  clearTimeout(cancelled)
  setImmediate(note("immediate"))
  void Promise.resolve().then(note("job"))
  order.push("now")
  await sleep(60)
  show("order", () => order)
  const controller = new AbortController()
  const other = new AbortController()
  setTimeout(() => controller.abort(), 10)
  const began = performance.now()
  const ended = await sleep(10_000, "value", { signal: AbortSignal.any([controller.signal, other.signal]) }).catch(
    ({ name, code }: NodeJS.ErrnoException) => [name, code],
  )
  show("aborted", () => [ended, controller.signal.aborted, performance.now() - began < 5000])
  const value = await sleep(1, "value")
  show("value", () => value)
}

async function signals(): Promise<void> {
  const got = new Promise<unknown[]>((done) => process.once("SIGUSR2", (...args) => done(args)))
  const busy = setTimeout(() => {}, 10_000)
  spawnSync("kill", ["-USR2", String(process.pid)])
  const args = await got
  clearTimeout(busy)
  show("signal", () => args)
}

async function programsBeside(): Promise<void> {
  const stdio: ("pipe" | "ignore")[] = ["pipe", "pipe", "pipe"]
  const ended = async (file: string, args: readonly string[], stdin: string) => {
    const child = spawn(file, args, { stdio })
    const closed = new Promise<unknown[]>((done) => {
      child.on("error", ({ message, code, syscall, path }: NodeJS.ErrnoException) =>
        done([message, code, syscall, path]),
      )
      child.on("close", (...how) => done(how))
    })
    let errors = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      errors += text
    })
    child.stdin?.on("error", () => {})
    child.stdin?.end(stdin)
    const chunks: Buffer[] = []
    if (child.pid !== undefined) for await (const chunk of child.stdout ?? []) chunks.push(chunk as Buffer)
    const how = await closed
    return [how, Buffer.concat(chunks).length, sha256(Buffer.concat(chunks)), errors]
  }
  const long = "é line\n".repeat(100_000)
  const results = await Promise.all([
    ended("cat", [], long),
    ended("sh", ["-c", "echo out; echo é >&2; exit 7"], ""),
    ended("sh", ["-c", "kill -15 $$"], long),
    ended("no-such-program", [], ""),
  ])
  for (const [at, result] of results.entries()) show(`beside ${at}`, () => result)
  const endless = spawn("sleep", ["60"], { stdio: ["ignore", "ignore", "ignore"] })
  const closed = new Promise((done) => endless.on("close", (...how) => done(how)))
  show("kill", () => endless.kill("SIGTERM"))
  const how = await closed
  show("killed", () => [how, endless.kill()])
}

async function watching(): Promise<void> {
  let changes = 0
  const changed = new Promise<void>((done) => {
    const watcher = watch(at("directory"), () => {
      if (changes++ > 0) return
      watcher.on("close", () => done())
      watcher.close()
    })
  })
  closeSync(openSync(at("directory/new"), "w"))
  await changed
  show("watch", () => changes > 0)
}

async function endOfStdin(): Promise<void> {
  const closed = new Promise<unknown[]>((done) => process.stdin.once("close", (...args) => done(args)))
  process.stdin.resume()
  show("stdin", () => process.stdin.isTTY ?? false)
  await closed
  show("stdin closed", () => true)
}

/** Listeners run once, and may not delay the end. */
function exit(): void {
  process.once("exit", (status) => {
    show("exit", () => [status, process.exitCode])
    setTimeout(() => show("after exit", () => true), 1)
    process.exit(0)
  })
  process.exit(7)
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex")
}
