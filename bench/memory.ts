/**
 * Whether the memory of `serve` is bounded: a day of 1 call per second in simulated time, with findings open, in a capture
 * whose relays prune it at `--size` MB: `npm run bench:memory`, `--json` for programs. The capture reaches its limit
 * three times a day; afterwards memory must not grow.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { prune } from "../src/capture/prune.ts"
import { SEGMENT_INTERVAL_MS, segmentName } from "../src/capture/segment-name.ts"
import { Reviewer } from "../src/serve/reviewer.ts"
import { Session } from "../src/serve/session.ts"
import { openCapture } from "../src/store/capture/capture.ts"
import { Random } from "../test/capture/random.ts"
import { BusyNode } from "./generate.ts"
import { SegmentWriter } from "./segment-writer.ts"

const CALLS_PER_HOUR = 3_600
const STEP_MS = SEGMENT_INTERVAL_MS / 6
/** Later memory, compared with that of the hour in which the capture had reached its limit for the first time. */
const MOST_GROWTH = 1.25

const asJson = process.argv.includes("--json")
const numberAfter = (flag: string, otherwise: number) =>
  Number(process.argv[process.argv.indexOf(flag) + 1]) || otherwise
const hours = numberAfter("--hours", 24)
const maxSizeBytes = numberAfter("--size", 64) * 1024 * 1024
const collect = globalThis.gc
if (!collect) throw new Error("start it with node --expose-gc")

const directory = mkdtempSync(join(tmpdir(), "cnitap-server-memory-"))
process.once("exit", () => rmSync(directory, { recursive: true, force: true }))
let nowMs = Math.floor(Date.now() / SEGMENT_INTERVAL_MS) * SEGMENT_INTERVAL_MS
Date.now = () => nowMs

const node = new BusyNode(new Random(20_261_129))
const writer = new SegmentWriter(directory)
const session = new Session(await openCapture(directory))
await session.open()
const reviewer = new Reviewer(session, () => Promise.reject(new Error("no node")), false)
const results: { hour: number; calls: number; operations: number; heapMB: number; captureMB: number }[] = []
let limitHour = Number.POSITIVE_INFINITY
for (let hour = 1; hour <= hours; hour++) {
  for (let step = 0; step < SEGMENT_INTERVAL_MS / STEP_MS; step++) await pass()
  collect()
  const captureMB = sizeOf() / 1e6
  if (sizeOf() > maxSizeBytes * 0.9) limitHour = Math.min(limitHour, hour)
  const heapMB = process.memoryUsage().heapUsed / 1e6
  results.push({ hour, calls: node.calls, operations: session.catalog.size, heapMB, captureMB })
  if (!asJson) process.stdout.write(line(hour, node.calls, session.catalog.size, heapMB, captureMB))
}
session.close()
writer.close()

// Rows that were pruned stay visible for an hour.
const reference = results.find(({ hour }) => hour === limitHour + 2)
const largest = Math.max(...results.filter(({ hour }) => hour > limitHour + 2).map(({ heapMB }) => heapMB))
const growth = reference ? largest / reference.heapMB : Number.NaN
if (asJson) process.stdout.write(`${JSON.stringify({ maxSizeBytes, limitHour, growth, results }, null, 2)}\n`)
else process.stdout.write(`growth after the limit was reached: ${growth.toFixed(2)}, wanted at most ${MOST_GROWTH}\n`)
process.exitCode = growth <= MOST_GROWTH ? 0 : 1

/** One step of simulated time: calls are written, a relay prunes, and the page with the findings is refreshed. */
async function pass(): Promise<void> {
  const toMs = nowMs + STEP_MS
  const wanted = node.calls + (CALLS_PER_HOUR * STEP_MS) / SEGMENT_INTERVAL_MS
  const betweenMs = (4.1 * SEGMENT_INTERVAL_MS) / CALLS_PER_HOUR
  for (let wallMs = nowMs; wallMs < toMs && node.calls < wanted; wallMs += betweenMs) node.operation(wallMs)
  nowMs = toMs
  writer.writeUntil(node.lines, nowMs - 10_000)
  writer.flush()
  prune(
    {
      list: (path) => readdirSync(path).map((name) => ({ name, sizeBytes: statSync(join(path, name)).size })),
      remove: (path, name) => rmSync(join(path, name)),
    },
    directory,
    maxSizeBytes,
    segmentName(nowMs - 10_000),
  )
  const before = session.catalog.version
  for (let tries = 0; session.catalog.version === before && tries < 100; tries++) await sleep(50)
  while (!(await reviewer.answer(nowMs)).isComplete);
}

function sizeOf(): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
}

function line(hour: number, calls: number, operations: number, heapMB: number, captureMB: number): string {
  return `hour ${hour}: ${calls} calls, ${operations} operations known, heap ${heapMB.toFixed(0)} MB, capture ${captureMB.toFixed(0)} MB\n`
}
