import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../src/model/call.ts"
import { type Operation, toOperation, toOperations } from "../../src/model/operation.ts"
import { Catalog } from "../../src/serve/catalog.ts"

const HOUR_MS = 3_600_000

test("operations that were pruned are removed, and a page that was away is sent their removal", () => {
  const catalog = new Catalog()
  catalog.put([summarized("a", 0), summarized("b", 0.5), summarized("c", 1)])
  const { version } = catalog
  assert.deepEqual(
    catalog.forget(HOUR_MS).map(({ id }) => id),
    ["a", "b"],
  )
  assert.deepEqual(
    catalog.newestFirst().map(({ id }) => id),
    ["c"],
  )
  assert.equal(catalog.operationOf("a"), undefined)
  assert.deepEqual(catalog.changesSince(version), { version: version + 2, operations: [], removed: ["a", "b"] })
  assert.deepEqual(catalog.forget(HOUR_MS), [])
})

test("a call that goes on after the pruned hour, or that has not ended, keeps its operation", () => {
  const catalog = new Catalog()
  const { call: open } = summarized("b", 0, { state: "running" })
  delete open.exit
  delete open.durationMs
  catalog.put([summarized("a", 0, { durationMs: 2 * HOUR_MS }), { call: open, summary: {} }])
  assert.deepEqual(catalog.forget(HOUR_MS), [])
})

test("a page that was away for longer than removals are remembered gets everything again", () => {
  const catalog = new Catalog()
  const { version } = catalog
  for (let round = 0; round < 3; round++) {
    catalog.put(Array.from({ length: 10_000 }, (_, at) => summarized(`${round}-${at}`, 0)))
    catalog.forget(HOUR_MS)
  }
  assert.equal(catalog.canResume(version), false)
  assert.equal(catalog.canResume(catalog.version), true)
  assert.equal(catalog.changesSince(0).removed.length, 20_000)
})

test("a call is below the parent that it names, also if that is of another container, in whatever order they are read", () => {
  const calls = [
    summarized("list-1", 0),
    summarized("nested", 0, { depth: 1, parent: "list-1" }),
    summarized("deeper", 0, { depth: 2, parent: "nested" }),
    summarized("list-2", 0),
    summarized("orphan", 0, { depth: 1, parent: "not recorded" }),
  ]
  const expected = ["list-1(nested(deeper))", "list-2", "orphan"]
  assert.deepEqual(trees(toOperations(calls.map(({ call }) => call))), expected)
  for (const order of permutations(calls))
    for (const batch of [1, 2, order.length]) {
      const catalog = new Catalog()
      const shown = new Map<string, Operation>()
      for (let from = 0, version = 0; from < order.length; from += batch) {
        catalog.put(order.slice(from, from + batch))
        const changes = catalog.changesSince(version)
        version = changes.version
        for (const id of changes.removed) shown.delete(id)
        for (const operation of changes.operations) shown.set(operation.id, operation)
      }
      assert.deepEqual(trees([...shown.values()]), expected)
      assert.deepEqual(trees(catalog.forget(HOUR_MS)), expected)
      assert.deepEqual(catalog.newestFirst(), [])
    }
})

test("an operation of an index that goes on in the next hour stays one, and so do those after it", () => {
  const calls = [withoutContainer("list-1", 0.999), withoutContainer("list-2", 1.001)]
  const tree = calls.map((call) => ({ call, children: [] }))
  const catalog = new Catalog()
  catalog.putOperations([{ ...toOperation(tree), summaries: new Map() }])
  catalog.put([{ call: withoutContainer("other", 1.5), summary: {} }])
  assert.deepEqual(trees(catalog.newestFirst()), ["list-1 list-2", "other"])
})

/** `bridge(host-local)`, sorted. */
function trees(operations: readonly Operation[]): string[] {
  const tree = ({ call, children }: Operation["calls"][number]): string =>
    children.length > 0 ? `${call.id}(${children.map(tree).join(" ")})` : call.id
  return operations.map(({ calls }) => calls.map(tree).join(" ")).sort()
}

function permutations<Value>(values: readonly Value[]): Value[][] {
  if (values.length === 0) return [[]]
  return values.flatMap((value) =>
    permutations(values.filter((other) => other !== value)).map((rest) => [value, ...rest]),
  )
}

function withoutContainer(id: string, hour: number): Call {
  const { containerId, ...call } = summarized(id, hour, { command: "STATUS" }).call
  return call
}

/** One call, which is an operation of its own container. */
function summarized(id: string, hour: number, change: Partial<Call> = {}) {
  const call: Call = {
    id,
    depth: 0,
    as: "relay",
    pid: 1,
    ppid: 1,
    plugin: "bridge",
    path: "",
    argv: [],
    env: {},
    envNames: [],
    command: "DEL",
    containerId: `container-${id}`,
    wallMs: hour * HOUR_MS,
    monoMs: hour * HOUR_MS,
    durationMs: 5,
    state: "ended",
    exit: { code: 0 },
    ...change,
  }
  return { call, summary: {} }
}
