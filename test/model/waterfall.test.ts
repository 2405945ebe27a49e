import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../src/model/call.ts"
import { toOperations } from "../../src/model/operation.ts"
import { toWaterfall, type WaterfallRow } from "../../src/model/waterfall.ts"

const T0 = 1_000_000

function call(plugin: string, fromMs: number, durationMs: number | undefined, more: Partial<Call> = {}): Call {
  return {
    id: plugin,
    depth: more.parent ? 1 : 0,
    as: "relay",
    pid: 1,
    ppid: 1,
    plugin,
    path: "",
    argv: [],
    env: {},
    envNames: [],
    command: "ADD",
    containerId: "c",
    wallMs: T0 + fromMs,
    monoMs: 50 + fromMs,
    state: durationMs === undefined ? "running" : "ended",
    ...(durationMs === undefined ? {} : { durationMs, spawnMs: 1, exit: { code: 0 } }),
    ...more,
  }
}

/** `bridge 0 spawn 1 work 10`: level, then each span and its end. */
function rowLines({ rows }: { rows: WaterfallRow[] }): string[] {
  return rows.map(
    ({ call: { plugin }, level, fromMs, spans, isOpen, isEndUnknown }) =>
      `${"  ".repeat(level)}${plugin} ${fromMs} ${spans.map(({ kind, toMs }) => `${kind} ${toMs}`).join(" ")}${isOpen ? " …" : ""}${isEndUnknown ? " ?" : ""}`,
  )
}

function waterfallOf(calls: Call[], nowMs = T0) {
  const [operation] = toOperations(calls)
  assert.ok(operation)
  return toWaterfall(operation, nowMs)
}

test("a plugin waits while the calls that it made run", () => {
  const waterfall = waterfallOf([
    call("bridge", 0, 40),
    call("host-local", 10, 5, { parent: "bridge" }),
    call("portmap", 41, 3),
  ])
  assert.deepEqual(rowLines(waterfall), [
    "bridge 0 spawn 1 work 10 wait 15 work 40",
    "  host-local 10 spawn 11 work 15",
    "portmap 41 spawn 42 work 44",
  ])
  assert.equal(waterfall.totalMs, 44)
})

test("overlapping delegates count once as waiting", () => {
  const waterfall = waterfallOf([
    call("multus", 0, 30),
    call("flannel", 5, 15, { parent: "multus" }),
    call("sriov", 10, 15, { parent: "multus" }),
  ])
  assert.equal(rowLines(waterfall)[0], "multus 0 spawn 1 work 5 wait 20 wait 25 work 30")
})

test("rows of DEL are in call order, the reverse of the list", () => {
  const del = { command: "DEL" }
  const waterfall = waterfallOf([call("bandwidth", 0, 2, del), call("portmap", 3, 2, del), call("bridge", 6, 9, del)])
  assert.deepEqual(rowLines(waterfall), [
    "bandwidth 0 spawn 1 work 2",
    "portmap 3 spawn 4 work 5",
    "bridge 6 spawn 7 work 15",
  ])
})

test("a call in flight grows, and so does its caller", () => {
  const calls = [call("bridge", 0, undefined), call("host-local", 10, undefined, { parent: "bridge" })]
  assert.deepEqual(rowLines(waterfallOf(calls, T0 + 20)), ["bridge 0 work 10 wait 20 …", "  host-local 10 work 20 …"])
  assert.deepEqual(rowLines(waterfallOf(calls, T0 + 500)), [
    "bridge 0 work 10 wait 500 …",
    "  host-local 10 work 500 …",
  ])
})

test("a killed call has no known length", () => {
  const waterfall = waterfallOf([call("bridge", 0, 4), call("portmap", 5, undefined, { state: "killed" })], T0 + 999)
  assert.deepEqual(rowLines(waterfall), ["bridge 0 spawn 1 work 4", "portmap 5  ?"])
})
