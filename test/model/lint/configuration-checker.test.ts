import assert from "node:assert/strict"
import { test } from "node:test"
import type { CallProps } from "../calls.ts"
import { config, findings, lint, plugin } from "./rule-cases.ts"

const failed = { exit: { code: 1 }, stdout: { code: 999, msg: "refused" } }

/** `rule byte pointer excerpt` of the findings about the configuration of one call. */
function lintOne(type: string, stdin: string | object, props: CallProps = {}): string[] {
  return findings([plugin("x", { plugin: type, stdin, ...props })])
    .filter(({ rule }) => rule.startsWith("conf-"))
    .map(({ rule, evidence: { byte, pointer, excerpt } }) => `${rule} ${byte} ${pointer} ${excerpt}`)
}

test("evidence is the byte and the field, also if the key occurs several times", () => {
  assert.deepEqual(lintOne("bridge", config({ isGatway: true })), ['conf-key-unknown 52 /isGatway "isGatway":true}'])
  const twice = `{"cniVersion":"1.0.0","name":"ö","type":"bridge","args":{"cni":{"mtu":1}},\n "mtu": "1500"}`
  assert.deepEqual(lintOne("bridge", twice, failed), ['conf-value-type 84 /mtu "1500"}'])
  assert.equal(Buffer.from(twice).subarray(84).toString(), '"1500"}')
  assert.deepEqual(
    lintOne("macvlan", config({ ipam: { type: "static", addresses: [{ address: "10.0.0.9" }] } }, "macvlan"), failed),
    ['conf-value-invalid 101 /ipam/addresses/0/address "10.0.0.9"}]}}'],
  )
})

test("a call that succeeded disproves that its plugin fails because of the configuration", () => {
  assert.deepEqual(lintOne("bridge", config({ mtu: "1500" })), [])
  assert.deepEqual(lintOne("bridge", config({ mtu: "1500" }), { command: "DEL", ...failed }), [
    'conf-value-type 58 /mtu "1500"}',
  ])
  // multus-cni#576: exit status 0, and no interface
  assert.deepEqual(lintOne("host-local", config({ ipam: {}, subnet: "10.0.0.0/24" }, "host-local")), [
    'conf-ipam-as-main 43 /type "host-local","ipam":{},"subnet":"10.0.0.0/24"}',
  ])
})

test("a configuration is checked at the call of its plugin, not at that of the IPAM plugin", () => {
  const stdin = config({ ipam: { type: "host-local", subnt: "10.1.2.0/24" } })
  const calls = [
    plugin("bridge", { stdin, durationMs: 50 }),
    plugin("host-local", { parent: "bridge", at: 10, stdin, stdout: { cniVersion: "1.0.0", ips: [] } }),
  ]
  assert.deepEqual(lint(calls), [
    "conf-key-unknown bridge:stdin:80 host-local does not know subnt; did you mean subnet?",
  ])
  // Its caller was not recorded.
  assert.deepEqual(lintOne("host-local", stdin), ['conf-key-unknown 80 /ipam/subnt "subnt":"10.1.2.0/24"}}'])
})

// kubernetes#70014: the limits come from the pod's annotations
test("limits of bandwidth in runtimeConfig, as containerd spells them", () => {
  const before = plugin("main", { plugin: "my-main" })
  const stdin = config(
    {
      capabilities: { bandwidth: true },
      prevResult: { cniVersion: "1.0.0", interfaces: [{ name: "eth0", sandbox: "/var/run/netns/cni-1" }] },
      runtimeConfig: { bandwidth: { IngressRate: 1000, IngressBurst: 0, EgressRate: 0, EgressBurst: 0 } },
    },
    "bandwidth",
  )
  const found = findings([before, plugin("bandwidth", { at: 100, stdin, ...failed })])
  assert.deepEqual(
    found
      .filter(({ rule }) => rule === "conf-bandwidth-limit")
      .map(({ detail, evidence }) => [detail, evidence.pointer]),
    [["IngressRate is 1000 bit/s, and IngressBurst is 0 bits", "/runtimeConfig/bandwidth/IngressBurst"]],
  )
})
