import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../../src/model/call.ts"
import { Ledger } from "../../../src/model/ledger/ledger.ts"
import { type NetnsState, type NodeState, reconcile } from "../../../src/model/ledger/node-ledger.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { type CallProps, call } from "../calls.ts"

const IP = { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] }
const STORE = "/var/lib/cni/networks/pods"
const CACHE = "/var/lib/cni/results"

function node(state: Partial<NodeState> & { namespaces?: Record<string, NetnsState> }): NodeState {
  return { node: "n1", reservations: [], cached: [], netns: (path) => state.namespaces?.[path], ...state }
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
    `up c0ffee [10.1.2.3] ${STORE}/10.1.2.3,${CACHE}/pods-c0ffee-eth0: no DEL recorded`,
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
    ["up c0ffee [10.1.2.3] : no DEL recorded", "starting beef [] : ADD in flight"],
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
      "up c0ffee [10.1.2.3] : no DEL recorded",
      `orphan c0ffee [10.1.2.3] ${STORE}/10.1.2.3: reserved for a container without a recorded call or a cached result`,
      `orphan c0ffee [10.1.2.3] ${STORE}/x: reserved for a container without a recorded call or a cached result`,
    ],
  )
})
