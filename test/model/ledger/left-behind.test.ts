import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../../src/model/call.ts"
import { Ledger } from "../../../src/model/ledger/ledger.ts"
import { conclude, isLeftBehind } from "../../../src/model/ledger/left-behind.ts"
import type { LedgerRow, NodeState } from "../../../src/model/ledger/node-ledger.ts"
import { unrecordedPeriods } from "../../../src/model/ledger/unrecorded.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { call, T0 } from "../calls.ts"

function rows(calls: Call[], node?: NodeState): LedgerRow[] {
  const ledger = new Ledger()
  for (const operation of toOperations(calls)) ledger.add(operation)
  return conclude(ledger, node)
}

const add = (id: string, network: string, pod: string, address: string, at: number) =>
  call(id, {
    plugin: "bridge",
    network,
    containerId: `c-${id}`,
    pod: { namespace: "shop", name: pod },
    at,
    stdout: { ips: [{ address }] },
  })

test("two networks that assign one address on one node: a warning for both holders", () => {
  const shared = [
    add("a", "pods", "a1", "10.91.0.2/24", 0),
    add("b", "crio", "b3", "10.91.0.2/16", 100),
    add("c", "pods", "c1", "10.91.0.3/24", 200),
    add("d", "v6", "d1", "fd00:0::7/64", 300),
    add("e", "v6", "e1", "fd00::7/64", 400),
    { ...add("f", "pods", "f1", "10.91.0.3/24", 500), node: "n2" },
  ]
  assert.deepEqual(
    rows(shared).map(({ state, warning }) => `${state} ${warning}`),
    [
      "up 10.91.0.2 is also held by shop/b3 (network crio)",
      "up 10.91.0.2 is also held by shop/a1 (network pods)",
      "up undefined",
      "up fd00:0::7 is also held by shop/e1",
      "up fd00::7 is also held by shop/d1",
      "up undefined",
    ],
  )
})

test("an address that thousands hold: three of the others are named", () => {
  const warnings = rows(
    Array.from({ length: 10_000 }, (_, at) => add(`p${at}`, "pods", `p${at}`, "10.91.0.2/24", at)),
  ).map(({ warning }) => warning)
  assert.deepEqual(
    [warnings.length, warnings[0], warnings[2], new Set(warnings.slice(3))],
    [
      10_000,
      "10.91.0.2 is also held by shop/p1, shop/p2, shop/p3, others",
      "10.91.0.2 is also held by shop/p0, shop/p1, shop/p3, others",
      new Set(["10.91.0.2 is also held by shop/p0, shop/p1, shop/p2, others"]),
    ],
  )
})

test("the delegate of a plugin holds the address of its caller: no warning", () => {
  const stdout = { ips: [{ address: "10.1.2.3/24" }] }
  const calls = [
    call("multus", { network: "multus", durationMs: 90, stdout }),
    call("bridge", { parent: "multus", at: 5, durationMs: 20, stdout }),
  ]
  assert.deepEqual(
    rows(calls).map(({ warning }) => warning),
    [undefined, undefined],
  )
})

test("what releases it: removing the files that hold it, or the last DEL again", () => {
  const reservation = {
    network: "pods",
    ip: "10.91.0.2",
    containerId: "c-a",
    ifname: "eth0",
    path: "/var/lib/cni/networks/pods/10.91.0.2",
  }
  const node: NodeState = {
    node: "n1",
    reservations: [reservation],
    storeNetworks: new Set(["pods"]),
    cached: [],
    unrecorded: [],
    netns: () => "gone",
  }
  const failed = { command: "DEL", exit: { code: 1 }, stdout: { code: 999, msg: "no" }, at: 20_000 }
  const calls = [
    add("a", "pods", "a1", "10.91.0.2/24", 0),
    { ...add("b", "calico", "b1", "10.92.0.2/24", 100), node: "n1" },
    call("del-b", { plugin: "bridge", network: "calico", containerId: "c-b", node: "n1", ...failed }),
    add("c", "other", "c1", "10.93.0.2/24", 200),
  ]
  assert.deepEqual(
    rows(calls, node).map((row) => [row.state, isLeftBehind(row), row.release]),
    [
      ["leaked", true, "rm /var/lib/cni/networks/pods/10.91.0.2"],
      ["leaked", true, "cnitap export repro del-b | sh"],
      ["leaked", true, undefined],
    ],
  )
})

test("when nothing was recorded: before the install, after it expired, or since the last call", () => {
  const recorded = [
    { fromMs: T0, toMs: T0 + 10 },
    { fromMs: T0 + 500, toMs: T0 + 600 },
  ]
  const nowMs = T0 + 1000
  assert.deepEqual(unrecordedPeriods(recorded, {}, nowMs), [{ fromMs: T0 + 600, toMs: nowMs }])
  assert.deepEqual(unrecordedPeriods(recorded, { installedMs: T0 + 490 }, nowMs), [{ fromMs: T0 + 10, toMs: T0 + 490 }])
  assert.deepEqual(unrecordedPeriods(recorded, { installedMs: T0 - 5, untilMs: T0 + 700 }, nowMs), [
    { fromMs: T0 + 700, toMs: nowMs },
  ])
  assert.deepEqual(unrecordedPeriods([], {}, nowMs), [])
})
