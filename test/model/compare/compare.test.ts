import assert from "node:assert/strict"
import { test } from "node:test"
import { compareCalls, compareOperations, signatureOf } from "../../../src/model/compare/compare.ts"
import { call, operation, type Said } from "../calls.ts"

const RESULT = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "vethd1a2b3c4" }, { name: "eth0", mac: "02:42:ac:11:00:02", sandbox: "/var/run/netns/cni-1" }],
  ips: [{ address: "10.1.2.3/24", gateway: "10.1.2.1", interface: 1 }],
}
/** The same of another pod: every value that belongs to the pod alone is another. */
const OTHER: Said = {
  containerId: "beefbeef",
  netns: "/var/run/netns/cni-2",
  pod: { namespace: "prod", name: "db-0", uid: "0f0e0d0c-0000-4000-8000-000000000002" },
}
const OTHER_RESULT = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "veth99887766" }, { name: "eth0", mac: "02:42:ac:11:00:99", sandbox: "/var/run/netns/cni-2" }],
  ips: [{ address: "10.1.2.77/24", gateway: "10.1.2.1", interface: 1 }],
}

/** `stdout /code: 7 -> 11`, what differs between any two pods in brackets. */
function said(a: Said, b: Said): string[] {
  return compareCalls(call("bridge", a), call("bridge", b)).map(({ stream, location, a, b, isVolatile }) => {
    const text = `${stream} ${location}: ${a ?? "none"} -> ${b ?? "none"}`
    return isVolatile ? `(${text})` : text
  })
}

test("two pods that were treated alike differ in nothing but what is each one's own", () => {
  assert.deepEqual(said({ stdout: RESULT }, { ...OTHER, stdout: OTHER_RESULT }), [
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
    said(
      { exit: { code: 1 }, stdin: { mtu: 1500, ipam: { subnet: "10.0.0.0/24" } }, stdout: { code: 7, msg: "no" } },
      { exit: { code: 1 }, stdin: { mtu: 1400, ipam: { subnet: "10.9.0.0/16" } }, stdout: { code: 11, msg: "no" } },
    ),
    ["stdout /code: 7 -> 11", "stdin /mtu: 1500 -> 1400", "stdin /ipam/subnet: 10.0.0.0/24 -> 10.9.0.0/16"],
  )
  assert.deepEqual(said({ exit: { signal: 9 } }, {}), ["exit : killed by SIGKILL -> exit 0"])
  assert.deepEqual(
    said({ stdin: { ipam: { subnet: "10.0.0.0/24" } } }, { stdin: { ipam: { subnet: "10.9.0.0/24" } } }),
    ["(stdin /ipam/subnet: 10.0.0.0/24 -> 10.9.0.0/24)"],
  )
})

test("log lines: times, durations and process ids are each call's own; order is none; others stand side by side", () => {
  assert.deepEqual(
    said(
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
      "stderr line 5 of the other: none -> more",
    ],
  )
})

test("a duration in a configuration is a setting", () => {
  assert.deepEqual(said({ stdin: { timeout: "5s" } }, { stdin: { timeout: "9s" } }), ["stdin /timeout: 5s -> 9s"])
})

test("a pod's name that is an everyday word does not make other words differ", () => {
  const pod = (name: string): Said => ({ pod: { namespace: "default", name } })
  assert.deepEqual(
    said(
      { ...pod("web"), stderr: "webhook asked\nweb added\n", stdin: { policy: "default" } },
      { ...pod("api"), stderr: "webhook asked\napi added\n", stdin: { policy: "default" } },
    ),
    ["(stderr line 2: web added -> api added)"],
  )
})

test("CNI_ARGS come in any order", () => {
  const env = (CNI_ARGS: string): Said => ({ env: { CNI_ARGS } })
  assert.deepEqual(said(env("A=1;B=2"), env("B=2;A=1")), [])
  assert.deepEqual(said(env("A=1;B=2"), env("B=3;A=1")), ["env CNI_ARGS B: 2 -> 3"])
})

test("IPv6, link-local and MACs of another spelling are addresses too", () => {
  assert.deepEqual(
    said(
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

test("operations are laid side by side call by call; what only one called is told", () => {
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
