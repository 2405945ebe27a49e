import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../../src/model/call.ts"
import { Ledger } from "../../../src/model/ledger/ledger.ts"
import { type NetnsState, type NodeState, reconcile } from "../../../src/model/ledger/node-ledger.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { type CallProps, call, probe, T0 } from "../calls.ts"

const IP = { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] }
const STORE = "/var/lib/cni/networks/pods"
const CACHE = "/var/lib/cni/results"

function node(state: Partial<NodeState> & { namespaces?: Record<string, NetnsState> }): NodeState {
  const nothing = { reservations: [], storeNetworks: new Set<string>(), cached: [], unrecorded: [] }
  return { node: "n1", ...nothing, netns: (path) => state.namespaces?.[path], ...state }
}

function rows(calls: Call[], state: Partial<NodeState> & { namespaces?: Record<string, NetnsState> }): string[] {
  const ledger = new Ledger()
  for (const operation of toOperations(calls)) ledger.add(operation)
  return reconcile(ledger, node(state)).map(
    ({ state, containerId, ips, files, reason }) => `${state} ${containerId} [${ips}] ${files}: ${reason}`,
  )
}

const add = (props: CallProps = {}) => call("bridge", { node: "n1", netns: "/ns", stdout: IP, ...props })
const del = (props: CallProps = {}) =>
  call("del", { node: "n1", netns: "/ns", plugin: "bridge", command: "DEL", at: 20_000, ...props })
const reservation = {
  network: "pods",
  ip: "10.1.2.3",
  containerId: "c0ffee",
  ifname: "eth0",
  path: `${STORE}/10.1.2.3`,
}
const cached = {
  path: `${CACHE}/pods-c0ffee-eth0`,
  network: "pods",
  containerId: "c0ffee",
  ifname: "eth0",
  netns: "/ns",
  ips: ["10.1.2.3"],
}

test("ledger, store and cache agree: up, with the files", () => {
  assert.deepEqual(rows([add()], { reservations: [reservation], cached: [cached], namespaces: { "/ns": "active" } }), [
    `up c0ffee [10.1.2.3] ${STORE}/10.1.2.3,${CACHE}/pods-c0ffee-eth0: in use`,
  ])
})

test("no DEL and the network namespace is gone: leaked", () => {
  assert.deepEqual(rows([add()], { reservations: [reservation], namespaces: { "/ns": "gone" } }), [
    `leaked c0ffee [10.1.2.3] ${STORE}/10.1.2.3: no DEL recorded; its network namespace is gone`,
  ])
})

test("every plugin completed DEL and the address is still reserved: leaked", () => {
  assert.deepEqual(rows([add(), del()], { reservations: [reservation] }), [
    `leaked c0ffee [10.1.2.3] ${STORE}/10.1.2.3: every plugin completed DEL, but the address is still reserved`,
  ])
})

test("pain 30: what GC must remove, and what it must not touch", () => {
  const other = (containerId: string, ip: string) => ({ ...reservation, containerId, ip, path: `${STORE}/${ip}` })
  const result = rows([], {
    reservations: [other("alive", "10.1.2.4"), other("dead", "10.1.2.5"), other("unknown", "10.1.2.6")],
    cached: [
      { ...cached, path: `${CACHE}/alive`, containerId: "alive", netns: "/alive" },
      { ...cached, path: `${CACHE}/dead`, containerId: "dead", netns: "/dead" },
    ],
    namespaces: { "/alive": "active", "/dead": "stale" },
  })
  assert.deepEqual(result, [
    `up alive [10.1.2.4] ${STORE}/10.1.2.4: added before this capture`,
    `leaked dead [10.1.2.5] ${STORE}/10.1.2.5: reserved before this capture; its network namespace is stale`,
    `orphan unknown [10.1.2.6] ${STORE}/10.1.2.6: reserved for a container without a recorded call or a cached result`,
  ])
})

test("pain 15: an empty file in libcni's cache makes the next DEL fail", () => {
  assert.deepEqual(rows([], { cached: [{ path: `${CACHE}/pods-dead-eth0`, ips: [], broken: "the file is empty" }] }), [
    `broken  [] ${CACHE}/pods-dead-eth0: the file is empty; DEL fails on it with libcni before 1.2`,
  ])
})

test("a cached result whose namespace is gone", () => {
  assert.deepEqual(rows([], { cached: [{ ...cached, containerId: "old" }], namespaces: { "/ns": "gone" } }), [
    `leaked old [10.1.2.3] ${CACHE}/pods-c0ffee-eth0: cached before this capture; the result is still cached but its network namespace is gone`,
  ])
})

test("attachments of other nodes and calls in flight are returned unchanged", () => {
  assert.deepEqual(
    rows([add({ node: "n2" }), add({ id: "b", containerId: "beef", at: 10, state: "running" })], {
      namespaces: { "/ns": "gone" },
    }),
    ["up c0ffee [10.1.2.3] : in use", "starting beef [] : ADD in flight"],
  )
})

test("files of another network or interface do not belong to the attachment", () => {
  assert.deepEqual(
    rows([add()], {
      reservations: [
        { ...reservation, network: "storage" },
        { ...reservation, ifname: "net1", path: `${STORE}/x` },
      ],
      namespaces: { "/ns": "active" },
    }),
    [
      "up c0ffee [10.1.2.3] : in use",
      `orphan c0ffee [10.1.2.3] ${STORE}/10.1.2.3: reserved for a container without a recorded call or a cached result`,
      `orphan c0ffee [10.1.2.3] ${STORE}/x: reserved for a container without a recorded call or a cached result`,
    ],
  )
})

const hostLocal = (props: CallProps = {}) =>
  call("host-local", { node: "n1", netns: "/ns", parent: "bridge", at: 2, durationMs: 3, stdout: IP, ...props })
const storeNetworks = new Set(["pods"])

test("no DEL recorded, but free in host-local's store: not leaked, whatever became of the namespace", () => {
  const reason = "no DEL recorded, but host-local no longer reserves its address"
  const calls = [add({ durationMs: 20 }), hostLocal()]
  const free = `gone c0ffee [10.1.2.3] : ${reason}`
  assert.deepEqual(rows(calls, { storeNetworks, namespaces: { "/ns": "gone" } }), [free])
  assert.deepEqual(rows(calls, { storeNetworks }), [free])
  // Without a call of the IPAM plugin, the network's directory shows that host-local is it.
  assert.deepEqual(rows([probe("cni_post", { node: "n1", netns: "/ns", prevResult: IP })], { storeNetworks }), [free])
})

test("reserved for a namespace that is gone: leaked, whether its DEL was recorded or not", () => {
  const unrecorded = [{ fromMs: T0, toMs: T0 + 60_000 }]
  assert.deepEqual(rows([add()], { reservations: [reservation], unrecorded, namespaces: { "/ns": "gone" } }), [
    `leaked c0ffee [10.1.2.3] ${STORE}/10.1.2.3: no DEL recorded; its network namespace is gone`,
  ])
})

test("another IPAM plugin, and nothing was recorded for a while: unknown, with the period", () => {
  const calls = [add({ durationMs: 20 }), call("calico-ipam", { node: "n1", parent: "bridge", at: 2, stdout: IP })]
  const namespaces: Record<string, NetnsState> = { "/ns": "gone" }
  const unrecorded = [{ fromMs: T0 + 60_000, toMs: T0 + 3_600_000 }]
  assert.deepEqual(rows(calls, { unrecorded, namespaces }), [
    "unknown c0ffee [10.1.2.3] : no DEL recorded; nothing was recorded between 2026-09-21 03:01 and 2026-09-21 04:00 UTC",
  ])
  assert.deepEqual(rows(calls, { unrecorded: [{ fromMs: T0 - 9_000, toMs: T0 - 1_000 }], namespaces }), [
    "leaked c0ffee [10.1.2.3] : no DEL recorded; its network namespace is gone",
  ])
})

test("a cached result whose address is free is not leaked", () => {
  assert.deepEqual(rows([], { cached: [cached], storeNetworks, namespaces: { "/ns": "gone" } }), [])
})

test("a running pod whose address is free in the store: a warning", () => {
  const ledger = new Ledger()
  for (const operation of toOperations([add({ durationMs: 20 }), hostLocal()])) ledger.add(operation)
  const [row] = reconcile(ledger, node({ storeNetworks, namespaces: { "/ns": "active" } }))
  assert.deepEqual(
    [row?.state, row?.warning],
    ["up", "host-local no longer reserves 10.1.2.3 and may assign it to another pod"],
  )
})
