/**
 * Runs the tests: `fast` the pure ones, `cluster` those on a real Kubernetes, `kernel` those on other kernels, without an
 * argument every other, and `all` these and then those of `cluster`. Pure tests share a few processes, because starting
 * one takes longer than most of these tests; every other file has a process of its own. Those of the page share one browser.
 */
import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { run } from "node:test"
import { spec, tap } from "node:test/reporters"
import { pathToFileURL } from "node:url"
import { isPure } from "./pure-tests.ts"

const MEMORY_DIR = "/dev/shm"
const LEAST_MEMORY_BYTES = 1 << 30
const CONCURRENCY = Math.max(2, availableParallelism())
const FILE_TIMEOUT_MS = 600_000
/** Kubernetes is built the first time; kernels are fetched, and emulated. */
const CLUSTER_TIMEOUT_MS = 3_000_000
/** Of the message of a failed test, below the runner's own summary. */
const MOST_CHARACTERS = 2_000

const [mode] = process.argv.slice(2)
const isFast = mode === "fast"
const temporary = temporaryDirectory()
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }))
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1))

const failed: string[] = []
let passed = 0
// The last lines of a log show what failed.
if (!process.stdout.isTTY)
  process.on("exit", () => {
    const texts = failed.map((text) => `\nfailed: ${text}\n`)
    writeSync(1, `${texts.join("")}\n${passed} passed, ${failed.length} failed\n`)
  })

if (mode === "kernel") await runFiles(testFilesOf("kernel"), CLUSTER_TIMEOUT_MS)
else if (mode !== "cluster") {
  // Pure tests write little, and tsx keeps what it has compiled in the temporary directory.
  if (!isFast) process.env.TMPDIR = temporary
  const browser = isFast ? undefined : await (await import("../test/web/browser.ts")).startSharedBrowser()
  await runFiles(isFast ? pureGroups() : allButCluster(), FILE_TIMEOUT_MS)
  browser?.close()
  if (!isFast) await runFiles(testFiles().filter(isOfObserver), FILE_TIMEOUT_MS, 1)
}
// Nothing else runs beside it: its programs take both processors of a small machine. Kubernetes may be built meanwhile.
if (mode === "cluster" || mode === "all") await runFiles(testFilesOf("cluster"), CLUSTER_TIMEOUT_MS)

async function runFiles(files: string[], timeout: number, concurrency = CONCURRENCY): Promise<void> {
  const results = run({ files, concurrency, timeout })
  results.on("test:fail", ({ todo, name, file, details }) => {
    if (todo !== undefined && todo !== false) return
    process.exitCode = 1
    // A file or suite that fails because of one of its tests says nothing new.
    if (!("failureType" in details.error && details.error.failureType === "subtestsFailed"))
      failed.push(`${file ?? ""}: ${name}\n${messageOf(details.error)}`)
  })
  results.on("test:pass", ({ details, skip }) => {
    if (details.type !== "suite" && skip === undefined) passed++
  })
  const reported = process.stdout.isTTY ? results.compose(new spec()) : results.compose(tap)
  reported.pipe(process.stdout, { end: false })
  await once(reported, "end")
}

function messageOf({ message, cause }: Error): string {
  const text = cause instanceof Error ? cause.message : message
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} …` : text
}

/** The longest tests come first, so that no processor is idle at the end. */
function allButCluster(): string[] {
  const files = [...testFilesOf("web"), ...testFilesOf("runtime"), ...testFilesOf("proc"), ...pureGroups()]
  return files.filter((file) => !isOfObserver(file))
}

/** An observer also records plugins of the same name in other mount namespaces, such as those of other tests. */
function isOfObserver(file: string): boolean {
  return /\/observe(\/[^/]*)?\.(proc|runtime)\.test\.ts$/.test(file)
}

function testFilesOf(kind: string): string[] {
  return testFiles().filter((file) => file.endsWith(`.${kind}.test.ts`))
}

/** Twice as many as can run at a time: they do not take equally long. */
function pureGroups(): string[] {
  const files = testFiles().filter(isPure)
  return Array.from({ length: 2 * CONCURRENCY }, (_, group) =>
    grouped(
      `pure-${group + 1}`,
      files.filter((_, at) => at % (2 * CONCURRENCY) === group),
    ),
  )
}

/** A file whose process runs these tests, one file after the other. */
function grouped(name: string, files: readonly string[]): string {
  const path = join(temporary, `${name}.mjs`)
  writeFileSync(path, files.map((file) => `import ${JSON.stringify(pathToFileURL(file).href)}\n`).join(""))
  return path
}

function testFiles(): string[] {
  const folder = join(import.meta.dirname, "../test")
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
  return names
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => join(folder, name))
}

/** In memory where that can be had: an installer waits for the disk after each of its steps. */
function temporaryDirectory(): string {
  const why = isFast ? "" : memoryComplaint()
  if (why) console.error(`cnitap: tests write to ${tmpdir()}, which takes longer: ${why}`)
  const directory = mkdtempSync(join(why || isFast ? tmpdir() : MEMORY_DIR, "cnitap-test-"))
  // As /tmp is: some tests become another user.
  chmodSync(directory, 0o1777)
  return directory
}

/** Why the tests cannot use the memory's file system; empty: they can. */
function memoryComplaint(): string {
  let directory: string | undefined
  try {
    const { bavail, bsize } = statfsSync(MEMORY_DIR)
    if (bavail * bsize < LEAST_MEMORY_BYTES) return `${MEMORY_DIR} has less than 1 GiB free`
    directory = mkdtempSync(join(MEMORY_DIR, "cnitap-test-"))
    const script = join(directory, "script")
    writeFileSync(script, "#!/bin/sh\n", { mode: 0o755 })
    if (spawnSync(script).status !== 0) return `programs on ${MEMORY_DIR} cannot be run`
    const label = "import os,sys; os.setxattr(sys.argv[1], 'user.cnitap', b'x')"
    if (spawnSync("python3", ["-c", label, script]).status !== 0)
      return `files on ${MEMORY_DIR} cannot have extended attributes`
    return ""
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    if (directory !== undefined) rmSync(directory, { recursive: true })
  }
}
