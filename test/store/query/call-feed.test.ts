import assert from "node:assert/strict"
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { encode } from "../../../src/capture/encode.ts"
import type { Begin, End } from "../../../src/capture/record.ts"
import { type Call, isFailed, resultOf } from "../../../src/model/call.ts"
import { toOperations, walk } from "../../../src/model/operation.ts"
import { addressesOf } from "../../../src/model/result/result-fields.ts"
import { readCalls } from "../../../src/store/capture/calls.ts"
import { openCapture } from "../../../src/store/capture/capture.ts"
import { checksum } from "../../../src/store/capture/checksum.ts"
import { ReadErrors } from "../../../src/store/capture/read-errors.ts"
import { CallFeed, type FeedBatch, type SummarizedCall } from "../../../src/store/query/call-feed.ts"
import { Random } from "../../capture/random.ts"
import { writeRandomCapture } from "../random-capture.ts"

test("calls read from indexes and calls read as they are appended are the calls of the whole capture", async (t) => {
  const random = Random.of(t)
  const [source, directory] = [writeRandomCapture(random, 900, { torn: true }), mkdtempSync(join(tmpdir(), "cnitap-"))]
  t.after(() => [source, directory].map((path) => rmSync(path, { recursive: true })))
  const lines = readdirSync(source)
    .sort()
    .flatMap((name) => {
      // A torn record at the end of a file is counted when it is known that its line ended.
      const text = `${readFileSync(join(source, name), "utf8")}\n\n`
      return text.split(/(?<=\n)(?=\n)/).map((piece) => ({ name, text: piece }))
    })
  const append = (count: number) => {
    for (const { name, text } of lines.splice(0, count)) appendFileSync(join(directory, name), text)
  }
  append(random.below(lines.length))
  const damage = new ReadErrors()
  const feed = new CallFeed(await openCapture(directory), damage)
  const calls = new Map<string, Call>()
  const addresses = new Map<string, string[] | undefined>()
  const read = async () => {
    for await (const batch of feed.next())
      for (const { call, summary } of callsIn(batch)) {
        calls.set(call.id, call)
        addresses.set(call.id, summary.ips)
      }
  }
  await read()
  while (lines.length > 0) {
    append(1 + random.below(1200))
    await read()
  }
  // A process that is gone is reported as killed by the reading after the one that found its begin record.
  await read()

  const expectedDamage = new ReadErrors()
  const expected = new Map<string, Call>()
  for await (const call of readCalls(await openCapture(directory), expectedDamage)) expected.set(call.id, call)
  assert.deepEqual(byId([...calls.values()]), byId([...expected.values()].map(withoutStreams)))
  const operations = toOperations(byId([...calls.values()]))
  assert.deepEqual(
    operations.map((operation) => feed.whole(operation)),
    toOperations(byId([...expected.values()])),
  )
  for (const { command, calls: top } of toOperations([...expected.values()])) {
    const [last] = top.toReversed().filter(({ call }) => !isFailed(call) && addressesOf(resultOf(call)).length > 0)
    if (command !== "ADD" || !last || last.call.as === "probe") continue
    assert.deepEqual(addresses.get(last.call.id), addressesOf(resultOf(last.call)))
  }
  for (const kind of ["torn", "newer", "unknown", "foreign", "oversize"] as const)
    assert.equal(damage.lines(kind), expectedDamage.lines(kind), kind)
})

test("a call is running, then ended, with its addresses; a line that is being written is read when it is complete", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-"))
  t.after(() => rmSync(directory, { recursive: true }))
  const segment = join(directory, currentSegment())
  const monoMs = Number(process.hrtime.bigint()) / 1e6 - process.uptime() * 1000 + 100
  const begin: Begin = {
    format: 1,
    kind: "begin",
    id: "a1",
    depth: 0,
    as: "relay",
    wallMs: Date.now(),
    monoMs,
    node: hostname(),
    pid: process.pid,
    ppid: 1,
    plugin: "bridge",
    path: "/opt/cni/bin/bridge",
    argv: [],
    env: { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1" },
    envNames: [],
  }
  const stdout = JSON.stringify({ cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] })
  const end: End = {
    format: 1,
    kind: "end",
    id: "a1",
    wallMs: Date.now(),
    monoMs,
    durationMs: 5,
    spawnMs: 1,
    exit: { code: 0 },
    usage: { maxRssBytes: 1, userMs: 1, systemMs: 1 },
    stdout: { sizeBytes: stdout.length, text: stdout },
    stderr: { sizeBytes: 0, text: "" },
  }
  const beginLine = encode(begin, checksum)
  writeFileSync(segment, beginLine.slice(0, 40))
  const damage = new ReadErrors()
  const feed = new CallFeed(await openCapture(directory), damage)
  const next = async () => {
    const found: [id: string, state: string, ips: string[] | undefined][] = []
    for await (const batch of feed.next())
      for (const { call, summary } of callsIn(batch)) found.push([call.id, call.state, summary.ips])
    return found
  }
  assert.deepEqual(await next(), [])
  appendFileSync(segment, beginLine.slice(40))
  assert.deepEqual(await next(), [["a1", "running", undefined]])
  assert.deepEqual(await next(), [])
  appendFileSync(segment, encode(end, checksum))
  assert.deepEqual(await next(), [["a1", "ended", ["10.1.2.3"]]])
  assert.deepEqual(damage.list(), [])

  // Read from the index, it is the same.
  const again = new CallFeed(await openCapture(directory), damage)
  const found = []
  for await (const batch of again.next()) found.push(...callsIn(batch))
  assert.deepEqual(
    found.map(({ call, summary }) => [call.id, call.state, summary.ips]),
    [["a1", "ended", ["10.1.2.3"]]],
  )
})

function callsIn(batch: FeedBatch): SummarizedCall[] {
  if ("calls" in batch) return batch.calls
  const operations = "recent" in batch ? batch.recent : batch.operations
  return operations.flatMap(({ calls, summaries }) =>
    walk(calls).map(({ call }) => ({ call, summary: summaries.get(call.id) ?? {} })),
  )
}

/** Neither streams nor what only the whole record has. */
function withoutStreams(call: Call): Call {
  const { stdin: _1, stdout: _2, stderr: _3, usage: _4, pluginPid: _5, ...facts } = call
  return { ...facts, path: "", argv: [], env: {}, envNames: [] }
}

function byId(calls: Call[]): Call[] {
  return calls.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function currentSegment(): string {
  return `calls-${new Date().toISOString().slice(0, 13).replaceAll("-", "")}.jsonl`
}
