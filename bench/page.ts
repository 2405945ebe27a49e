/**
 * Measures the page in Chromium over a capture of 100,000 calls, from a server and from a file: `npm run bench:page`,
 * `--json` for programs, `--calls N` for another size.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { cpus, release, tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { gzipSync } from "node:zlib"
import { readPage } from "../src/serve/page.ts"
import { pageFile } from "../src/serve/page-file.ts"
import { openCapture } from "../src/store/capture/capture.ts"
import { ReadErrors } from "../src/store/capture/read-errors.ts"
import { readOperations } from "../src/store/query/operations.ts"
import { openBrowser } from "../test/web/browser.ts"
import { generate } from "./generate.ts"
import { writeLive } from "./live-writer.ts"
import { measureLiveOverview, measurePage, type PageTimes } from "./page-times.ts"

/** The project's budgets for the page. */
const FIRST_PAINT_MS = 1_000
const COMPRESSED_BYTES = 200_000
/** A frame has a sixtieth of a second. */
const FRAME_CPU_MS = 16.7
/** A key is answered before the next one, also on a machine of half the speed. */
const KEY_CPU_MS = 40
/** Longer pauses are felt. */
const PAUSE_CPU_MS = 200
const LIVE_CALLS_PER_SECOND = 200

const asJson = process.argv.includes("--json")
const wantedCalls = Number(process.argv[process.argv.indexOf("--calls") + 1]) || 100_000
const say = (words: string) => process.stderr.write(`page: ${words}\n`)

const root = mkdtempSync(join(tmpdir(), "cnitap-page-"))
process.on("exit", () => rmSync(root, { recursive: true, force: true }))
const capture = join(root, "capture")
say(`writing a capture of ${wantedCalls} calls`)
const { calls, sizeBytes } = generate(capture, wantedCalls, Date.now() - 60_000, 6)

const browser = await openBrowser()
const results: { [what: string]: PageTimes } = {}
let livePauseMs = Number.NaN
const server = await startServer("/capture")
try {
  say("a server that has just been started")
  results["serve, just started"] = await measurePage(browser, server.url, "live")
  say("the same server, which has read everything")
  results.serve = await measurePage(browser, server.url, "live")
  say(`its overview while ${LIVE_CALLS_PER_SECOND} calls a second are recorded`)
  livePauseMs = await measureLiveOverview(browser, server.url, () => writeLive(capture, LIVE_CALLS_PER_SECOND))
} finally {
  server.process.kill("SIGTERM")
}
say("a file")
const file = join(root, "capture.html")
const embeddedCalls = await writeFile(file)
results.file = await measurePage(browser, pathToFileURL(file).href, "file")
await browser.close()

const compressedBytes = gzipSync(readPage().html).length
const targets = [
  ...Object.entries(results).flatMap(([what, { firstPaintMs, frameCpuMs, keyCpuMs }]) => [
    { what: `first paint: ${what}`, value: firstPaintMs, unit: "ms", atMost: FIRST_PAINT_MS },
    { what: `scrolling, processor time a frame: ${what}`, value: frameCpuMs, unit: "ms", atMost: FRAME_CPU_MS },
    { what: `typing, processor time a key: ${what}`, value: keyCpuMs, unit: "ms", atMost: KEY_CPU_MS },
  ]),
  { what: "live overview, longest pause", value: livePauseMs, unit: "ms", atMost: PAUSE_CPU_MS },
  { what: "page, compressed", value: compressedBytes / 1000, unit: "kB", atMost: COMPRESSED_BYTES / 1000 },
].map((target) => ({ ...target, isReached: target.value <= target.atMost }))
const machine = { cpu: cpus()[0]?.model ?? "", cpus: cpus().length, kernel: release() }
const report = {
  machine,
  calls,
  captureBytes: sizeBytes,
  file: { calls: embeddedCalls, sizeBytes: statSync(file).size },
  results,
  livePauseMs,
  targets,
}
process.stdout.write(asJson ? `${JSON.stringify(report, null, 2)}\n` : table())
process.exitCode = targets.every(({ isReached }) => isReached) ? 0 : 1

function startServer(directory: string): Promise<{ url: string; process: ReturnType<typeof spawn> }> {
  const child = spawn(
    process.execPath,
    ["dist/cnitap.js", "serve", "--listen", "127.0.0.1:0", "--capture", directory, "--root", root],
    { stdio: ["ignore", "pipe", "inherit"] },
  )
  return new Promise((resolve, reject) => {
    child.stdout.once("data", (data) => resolve({ url: String(data).trim(), process: child }))
    child.once("exit", (status) => reject(new Error(`serve ended with ${status}`)))
  })
}

/** The number of calls in the file, which has a limit. */
async function writeFile(path: string): Promise<number> {
  const operations = readOperations(await openCapture(capture), new ReadErrors())
  const { html } = await pageFile(
    operations,
    { name: { path: capture, program: "cnitap", flags: ["--capture", capture] }, filter: "", nowMs: Date.now() },
    () => [],
    async () => undefined,
  )
  writeFileSync(path, html)
  const left = /the oldest (\d+) of/.exec(html)?.[1]
  return calls - Number(left ?? 0)
}

function table(): string {
  const columns = Object.keys(results)
  const rows: [what: string, timeOf: (times: PageTimes) => number][] = [
    ["first paint", ({ firstPaintMs }) => firstPaintMs],
    ["first row", ({ firstRowMs }) => firstRowMs],
    ["everything there", ({ completeMs }) => completeMs],
    ["a frame while scrolling, p50", ({ frameMs }) => frameMs.p50],
    ["a frame while scrolling, p95", ({ frameMs }) => frameMs.p95],
    ["a frame while scrolling, processor", ({ frameCpuMs }) => frameCpuMs],
    ["a frame while scrolling, longest", ({ frameMs }) => frameMs.longest],
    ["a key of a word, processor", ({ keyCpuMs }) => keyCpuMs],
    ["a filter on what the page has", ({ filterMs }) => filterMs],
    ["a filter on streams", ({ streamFilterMs }) => streamFilterMs],
    ["overview drawn", ({ overviewMs }) => overviewMs],
    ["findings complete", ({ findingsMs }) => findingsMs],
    ["an operation opened", ({ openMs }) => openMs],
    ["script heap, MB", ({ heapBytes }) => heapBytes / 1e6],
  ]
  const width = Math.max(...rows.map(([what]) => what.length))
  const line = (cells: string[]) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(width) : cell.padStart(20))).join(" ")
  return [
    `${machine.cpus} x ${machine.cpu}, Linux ${machine.kernel}`,
    `${calls} calls, ${(sizeBytes / 1e6).toFixed(0)} MB; the file holds ${embeddedCalls} of them, ${(report.file.sizeBytes / 1e6).toFixed(0)} MB`,
    "",
    line(["ms", ...columns]),
    ...rows.map(([what, timeOf]) => line([what, ...Object.values(results).map((times) => timeOf(times).toFixed(1))])),
    "",
    ...targets.map(
      ({ what, value, unit, atMost, isReached }) =>
        `${isReached ? "reached" : "MISSED "} ${what}: ${value.toFixed(1)} ${unit}, wanted at most ${atMost}`,
    ),
    "",
  ].join("\n")
}
