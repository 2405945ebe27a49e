import assert from "node:assert/strict"
import { test } from "node:test"
import { counterpartsOf } from "../../../src/model/compare/counterparts.ts"
import { typicalOf } from "../../../src/model/statistics/typical.ts"
import { type CallProps, call, operation } from "../calls.ts"

const one = (id: string, props: CallProps = {}, ...more: CallProps[]) =>
  operation(
    call(id, { plugin: "bridge", containerId: id, ...props }),
    ...more.map((each, at) =>
      call(`${id}-${at}`, { plugin: "portmap", containerId: id, at: (props.at ?? 0) + 20, ...each }),
    ),
  )
const FAILED = { exit: { code: 1 }, stdout: { code: 11, msg: "no addresses" } } satisfies CallProps
const pod = (name: string) => ({ pod: { namespace: "shop", name } })

test("what an operation is best compared with: its own next attempt, then a working one of the same list", () => {
  const failed = one("failed", { ...FAILED, ...pod("orders") })
  const all = [
    failed,
    one("far", { at: 9_000 }, {}),
    one("near", { at: 1_000 }, {}),
    one("retry", { at: 60_000, ...pod("orders") }, {}),
    one("alike", { at: 500, ...FAILED }),
    one("elsewhere", { at: 600, plugin: "macvlan", network: "net1" }),
    one("del", { at: 700, command: "DEL" }),
  ]
  const found = (text = "") => counterpartsOf(failed, all, { text, most: 10 }).map(({ id }) => id)
  assert.deepEqual(found(), ["retry", "near", "far", "alike", "elsewhere"])
  assert.deepEqual(found("del"), ["del"])
  assert.deepEqual(found(" NET1 "), ["elsewhere"])
  assert.deepEqual(
    counterpartsOf(failed, all, { most: 1 }).map(({ id }) => id),
    ["retry"],
  )
})

test("each call beside those that went well: only the same command and network count", () => {
  const slow = one("slow", { durationMs: 900 }, { durationMs: 3 })
  const all = [
    slow,
    ...[10, 20, 30].map((durationMs, at) => one(`ok-${at}`, { at: at * 1_000, durationMs }, { durationMs: 2 })),
    one("failed", { at: 5_000, durationMs: 500, ...FAILED }),
    one("other", { at: 6_000, durationMs: 700, network: "net1" }),
  ]
  const { operations, calls } = typicalOf(slow, all)
  assert.equal(operations, 3)
  assert.deepEqual(
    calls.map(({ call: { plugin, durationMs }, calls: count, p50Ms, p95Ms }) => [
      plugin,
      durationMs,
      count,
      p50Ms,
      p95Ms,
    ]),
    [
      ["bridge", 900, 3, 20, 30],
      ["portmap", 3, 3, 2, 2],
    ],
  )
})
