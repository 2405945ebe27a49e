/**
 * Measures the page in Chromium over a capture of 100,000 calls, from a server and from a file: `npm run bench:page`,
 * `--json` for programs, `--calls N` for another size.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs"
import { cpus, release, tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { gzipSync } from "node:zlib"
import { SEGMENT_INTERVAL_MS } from "../src/capture/segment-name.ts"
import { readPage } from "../src/serve/page.ts"
import { pageFile } from "../src/serve/page-file.ts"
import { openCapture } from "../src/store/capture/capture.ts"
import { ReadErrors } from "../src/store/capture/read-errors.ts"
import { readOperations } from "../src/store/query/operations.ts"
import { openBrowser } from "../test/web/browser.ts"
import { generate } from "./generate.ts"
import { writeLive } from "./live-writer.ts"
import { measureLiveOverview, measurePage, type PageTimes } from "./page-times.ts"
import { measureStart, type StartTimes, startServer } from "./server-times.ts"

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
const FIRST_PAGE_MS = 1_000
/** All segments are sealed. */
const RESTART_CPU_MS = 2_000

const asJson = process.argv.includes("--json")
const wantedCalls = Number(process.argv[process.argv.indexOf("--calls") + 1]) || 100_000
const say = (words: string) => process.stderr.write(`page: ${words}\n`)

const root = mkdtempSync(join(tmpdir(), "cnitap-page-"))
process.on("exit", () => rmSync(root, { recursive: true, force: true }))
const capture = join(root, "capture")
say(`writing a capture of ${wantedCalls} calls`)
const { calls, sizeBytes } = generate(capture, wantedCalls, Date.now() - 60_000, 6)
const starts = await measureStarts()

const browser = await openBrowser()
const results: { [what: string]: PageTimes } = {}
let livePauseMs = Number.NaN
const server = await startServer(root)
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
  { what: "restart, processor time", value: starts.restart.reviewedCpuMs, unit: "ms", atMost: RESTART_CPU_MS },
  { what: "restart, first page", value: starts.restart.firstPageMs, unit: "ms", atMost: FIRST_PAGE_MS },
  { what: "first start, first page", value: starts.first.firstPageMs, unit: "ms", atMost: FIRST_PAGE_MS },
  { what: "page, compressed", value: compressedBytes / 1000, unit: "kB", atMost: COMPRESSED_BYTES / 1000 },
].map((target) => ({ ...target, isReached: target.value <= target.atMost }))
const machine = { cpu: cpus()[0]?.model ?? "", cpus: cpus().length, kernel: release() }
const report = {
  machine,
  calls,
  captureBytes: sizeBytes,
  file: { calls: embeddedCalls, sizeBytes: statSync(file).size },
  starts,
  results,
  livePauseMs,
  targets,
}
process.stdout.write(asJson ? `${JSON.stringify(report, null, 2)}\n` : table())
process.exitCode = targets.every(({ isReached }) => isReached) ? 0 : 1

/** A server's first start and its restart, over a capture of the same size whose segments no longer grow. */
async function measureStarts(): Promise<{ first: StartTimes; restart: StartTimes }> {
  const sealed = join(root, "sealed")
  const hour = Math.floor(Date.now() / SEGMENT_INTERVAL_MS) - 1
  generate(join(sealed, "capture"), wantedCalls, hour * SEGMENT_INTERVAL_MS, 6)
  say("a server that is started for the first time")
  const first = await measureStart(sealed)
  say("a server that is started again")
  const restart = await measureStart(sealed)
  rmSync(sealed, { recursive: true })
  return { first, restart }
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
    ...Object.entries(starts).map(([what, times]) => `${what.padEnd(8)} ${startText(times)}`),
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

function startText({
  firstPageMs,
  completeMs,
  completeCpuMs,
  firstFindingMs,
  reviewedMs,
  reviewedCpuMs,
  peakBytes,
}: StartTimes): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const finding = firstFindingMs === undefined ? "" : `, first findings ${seconds(firstFindingMs)}`
  return `start: first page ${seconds(firstPageMs)}, all operations ${seconds(completeMs)} (processor ${seconds(completeCpuMs)})${finding}, all findings ${seconds(reviewedMs)} (processor ${seconds(reviewedCpuMs)}), peak ${(peakBytes / 1e6).toFixed(0)} MB`
}
