import assert from "node:assert/strict"
import { test } from "node:test"
import { type ResultChange, resultChanges, resultObjects, toChain } from "../../../src/model/result/chain.ts"
import { operation, probe } from "../calls.ts"

const BRIDGE = {
  cniVersion: "1.0.0",
  interfaces: [
    { name: "cni0", mac: "aa" },
    { name: "eth0", mac: "bb", sandbox: "/ns" },
  ],
  ips: [{ interface: 1, address: "10.1.2.3/24", gateway: "10.1.2.1" }],
  routes: [{ dst: "0.0.0.0/0" }],
  dns: {},
}

/** `+ ip 10.1.2.3/24 (gateway 10.1.2.1, on eth0)` */
function changeText(change: ResultChange): string {
  if (change.kind === "changed") {
    const { before, after, fields } = change
    return `~ ${after.kind} ${after.name} (${fields.map((field) => `${field} ${before.fields[field]} -> ${after.fields[field]}`).join(", ")})`
  }
  const { kind, name, fields } = change.object
  const facts = Object.entries(fields).map(([field, value]) => `${field} ${value}`)
  return `${change.kind === "added" ? "+" : "-"} ${kind} ${name} (${facts.join(", ")})`
}

function changes(before: unknown, after: unknown): string[] {
  return resultChanges(resultObjects(before) ?? [], resultObjects(after) ?? []).map(changeText)
}

test("a probe shows the changes of the plugins before it", () => {
  const chain = toChain(operation(probe("cni_pre"), probe("cni_post", { at: 20, prevResult: { ips: BRIDGE.ips } })))
  assert.deepEqual(
    chain.map(({ call: { plugin }, result, changes }) => [plugin, result !== undefined, changes.map(changeText)]),
    [
      ["cni_pre", false, []],
      [
        "cni_post",
        true,
        ["+ ip 10.1.2.3/24 (address 10.1.2.3/24, gateway 10.1.2.1, on interface 1, which is not listed)"],
      ],
    ],
  )
})

test("the first plugin adds everything; an interface index is shown as the interface's name", () => {
  assert.deepEqual(changes(undefined, BRIDGE), [
    "+ version cniVersion (cniVersion 1.0.0)",
    "+ interface cni0 on the node (mac aa)",
    "+ interface eth0 in the pod (mac bb, sandbox /ns)",
    "+ ip 10.1.2.3/24 (address 10.1.2.3/24, gateway 10.1.2.1, on eth0)",
    "+ route 0.0.0.0/0 ()",
  ])
})

test("order, white space and an empty dns are not changes", () => {
  const { dns: _dns, ...rest } = BRIDGE
  const reordered = {
    ...rest,
    interfaces: rest.interfaces.toReversed(),
    ips: [{ gateway: "10.1.2.1", interface: 0, address: "10.1.2.3/24" }],
  }
  assert.deepEqual(changes(BRIDGE, reordered), [])
})

test("a later plugin changes, removes and adds objects", () => {
  const after = {
    ...BRIDGE,
    interfaces: [
      { name: "cni0", mac: "aa", mtu: 1400 },
      { name: "eth0", mac: "cc", sandbox: "/ns" },
    ],
    routes: [],
    bandwidth: { ingressRate: 1 },
  }
  assert.deepEqual(changes(BRIDGE, after), [
    "~ interface cni0 on the node (mtu undefined -> 1400)",
    "~ interface eth0 in the pod (mac bb -> cc)",
    '+ other bandwidth (bandwidth {"ingressRate":1})',
    "- route 0.0.0.0/0 ()",
  ])
})

test("results before 0.3.0, and an interface index that is out of range", () => {
  assert.deepEqual(
    changes(undefined, { ip4: { ip: "10.0.0.2/24", gateway: "10.0.0.1", routes: [{ dst: "0.0.0.0/0" }] } }),
    ["+ ip 10.0.0.2/24 (gateway 10.0.0.1)", "+ route 0.0.0.0/0 ()"],
  )
  assert.deepEqual(changes(undefined, { ips: [{ address: "10.0.0.2/24", interface: 4 }] }), [
    "+ ip 10.0.0.2/24 (address 10.0.0.2/24, on interface 4, which is not listed)",
  ])
})

test("an error, a list and undefined are not results", () => {
  const values = [{ code: 7, msg: "no" }, { cniVersion: "1.0.0", msg: "no" }, [], "x", null, undefined]
  assert.deepEqual(
    values.map(resultObjects),
    values.map(() => undefined),
  )
})
