import assert from "node:assert/strict"
import { test } from "node:test"
import { compareCalls, compareOperations, signatureOf } from "../../../src/model/compare/compare.ts"
import { type CallProps, call, operation } from "../calls.ts"

const RESULT = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "vethd1a2b3c4" }, { name: "eth0", mac: "02:42:ac:11:00:02", sandbox: "/var/run/netns/cni-1" }],
  ips: [{ address: "10.1.2.3/24", gateway: "10.1.2.1", interface: 1 }],
}
/** The same call for another pod: every volatile value differs. */
const OTHER: CallProps = {
  containerId: "beefbeef",
  netns: "/var/run/netns/cni-2",
  pod: { namespace: "prod", name: "db-0", uid: "0f0e0d0c-0000-4000-8000-000000000002" },
}
const OTHER_RESULT = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "veth99887766" }, { name: "eth0", mac: "02:42:ac:11:00:99", sandbox: "/var/run/netns/cni-2" }],
  ips: [{ address: "10.1.2.77/24", gateway: "10.1.2.1", interface: 1 }],
}

/** `stdout /code: 7 -> 11`; volatile differences in brackets. */
function differencesOf(a: CallProps, b: CallProps): string[] {
  return compareCalls(call("bridge", a), call("bridge", b)).map(({ stream, location, a, b, isVolatile }) => {
    const text = `${stream} ${location}: ${a ?? "none"} -> ${b ?? "none"}`
    return isVolatile ? `(${text})` : text
  })
}

test("pods that were treated the same have only volatile differences", () => {
  assert.deepEqual(differencesOf({ stdout: RESULT }, { ...OTHER, stdout: OTHER_RESULT }), [
    "(stdout interface <veth> on the node: vethd1a2b3c4 on the node -> veth99887766 on the node)",
    "(stdout interface eth0 in the pod: eth0 in the pod, mac 02:42:ac:11:00:02, sandbox /var/run/netns/cni-1 -> eth0 in the pod, mac 02:42:ac:11:00:99, sandbox /var/run/netns/cni-2)",
    "(stdout ip <ip>/24: 10.1.2.3/24, gateway 10.1.2.1, on eth0 -> 10.1.2.77/24, gateway 10.1.2.1, on eth0)",
  ])
  assert.equal(
    signatureOf(call("bridge", { stdout: RESULT })),
    signatureOf(call("bridge", { ...OTHER, stdout: OTHER_RESULT })),
  )
})

test("a setting, an exit, an error and a prefix length are differences", () => {
  assert.deepEqual(
    differencesOf(
      { exit: { code: 1 }, stdin: { mtu: 1500, ipam: { subnet: "10.0.0.0/24" } }, stdout: { code: 7, msg: "no" } },
      { exit: { code: 1 }, stdin: { mtu: 1400, ipam: { subnet: "10.9.0.0/16" } }, stdout: { code: 11, msg: "no" } },
    ),
    ["stdout /code: 7 -> 11", "stdin /mtu: 1500 -> 1400", "stdin /ipam/subnet: 10.0.0.0/24 -> 10.9.0.0/16"],
  )
  assert.deepEqual(differencesOf({ exit: { signal: 9 } }, { stdout: "" }), ["exit : killed by SIGKILL -> exit 0"])
  assert.deepEqual(
    differencesOf({ stdin: { ipam: { subnet: "10.0.0.0/24" } } }, { stdin: { ipam: { subnet: "10.9.0.0/24" } } }),
    ["(stdin /ipam/subnet: 10.0.0.0/24 -> 10.9.0.0/24)"],
  )
})

test("log lines: times, durations and process IDs are volatile, order is ignored, the rest is paired in order", () => {
  assert.deepEqual(
    differencesOf(
      {
        stderr:
          "2026/09/21 03:00:00 add web-1 took 12ms\nI0921 03:00:00.123456    4711 main.go:1] pid 77\nretry 1 of 3\nsame\n",
      },
      {
        ...OTHER,
        stderr:
          "same\n2026/09/22 04:11:12 add db-0 took 1.5s\nI0922 04:00:00.000001    9 main.go:1] pid 8\nretry 2 of 3\nmore\n",
      },
    ),
    [
      "(stderr line 1: 2026/09/21 03:00:00 add web-1 took 12ms -> 2026/09/22 04:11:12 add db-0 took 1.5s)",
      "(stderr line 2: I0921 03:00:00.123456    4711 main.go:1] pid 77 -> I0922 04:00:00.000001    9 main.go:1] pid 8)",
      "stderr line 3: retry 1 of 3 -> retry 2 of 3",
      "stderr line 5 of b: none -> more",
    ],
  )
})

test("a duration in a configuration is a setting", () => {
  assert.deepEqual(differencesOf({ stdin: { timeout: "5s" } }, { stdin: { timeout: "9s" } }), [
    "stdin /timeout: 5s -> 9s",
  ])
})

test("a pod name that is an everyday word does not mask that word on the other side", () => {
  const pod = (name: string): CallProps => ({ pod: { namespace: "default", name } })
  assert.deepEqual(
    differencesOf(
      { ...pod("web"), stderr: "webhook asked\nweb added\n", stdin: { policy: "default" } },
      { ...pod("api"), stderr: "webhook asked\napi added\n", stdin: { policy: "default" } },
    ),
    ["(stderr line 2: web added -> api added)"],
  )
})

test("the order of CNI_ARGS is ignored", () => {
  const env = (CNI_ARGS: string): CallProps => ({ env: { CNI_ARGS } })
  assert.deepEqual(differencesOf(env("A=1;B=2"), env("B=2;A=1")), [])
  assert.deepEqual(differencesOf(env("A=1;B=2"), env("B=3;A=1")), ["env CNI_ARGS B: 2 -> 3"])
})

test("IPv6 and link-local addresses and MACs in any notation are volatile", () => {
  assert.deepEqual(
    differencesOf(
      { stdin: { a: "fd00::3", b: "fe80::1/64", c: "0A:58:0A:01:02:03" } },
      { stdin: { a: "fd00::4", b: "fe80::2/64", c: "0a:58:0a:01:02:04" } },
    ),
    [
      "(stdin /a: fd00::3 -> fd00::4)",
      "(stdin /b: fe80::1/64 -> fe80::2/64)",
      "(stdin /c: 0A:58:0A:01:02:03 -> 0a:58:0a:01:02:04)",
    ],
  )
})

test("operations are compared call by call; a call that only one side has is reported", () => {
  const a = operation(
    call("a1", { plugin: "bridge" }),
    call("a2", { plugin: "host-local", parent: "a1", at: 2, durationMs: 1 }),
    call("a3", { plugin: "portmap", at: 20 }),
  )
  const b = operation(
    call("b1", { plugin: "bridge" }),
    call("b2", { plugin: "tuning", at: 20 }),
    call("b3", { plugin: "portmap", at: 40 }),
  )
  assert.deepEqual(
    compareOperations(a, b).map(({ plugin, level, a, b }) => `${level} ${plugin}: ${a?.id} ${b?.id}`),
    ["0 bridge: a1 b1", "1 host-local: a2 undefined", "0 tuning: undefined b2", "0 portmap: a3 b3"],
  )
})
