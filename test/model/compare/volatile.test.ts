import assert from "node:assert/strict"
import { test } from "node:test"
import { compareOperations } from "../../../src/model/compare/compare.ts"
import { compareSignatures, SignatureCounts } from "../../../src/model/compare/compare-signatures.ts"
import { maskOf } from "../../../src/model/compare/volatile.ts"
import type { Operation } from "../../../src/model/operation.ts"
import { Random } from "../../capture/random.ts"
import { call, operation } from "../calls.ts"

const PAIRS = 1000
const RUNS = 100

const mask = maskOf(call("bridge"))

test("addresses, MACs and times are distinguished, whatever their digits are", () => {
  const texts: [string, string][] = [
    ["mac 32:2b:a6:69:70:48, then", "mac <mac>, then"],
    ["83:69:27:11:22:33", "<mac>"],
    ["MAC:0a:58:0a:f4:00:02}", "MAC:<mac>}"],
    ["12:34:56 up, 23:59:59.123,", "<time> up, <time>,"],
    ["2026-09-21T03:00:00.5+02:00 2026/09/21 03:00:00 x", "<time> <time> x"],
    ["I0921 03:00:00.123456    1234 main.go:12] x", "<time> main.go:12] x"],
    ["fd00:10:244::1a/64 via fe80::1%eth0", "<ip>/64 via <ip>%eth0"],
    ["2001:db8:12:34:56:78:9:a", "<ip>"],
    ["12:34::56", "<ip>"],
    ["{IP:fd00::12:34:56 Mask:ffff} [fd00::1]:443", "{IP:<ip> Mask:ffff} [<ip>]:443"],
    ["::1 and :: and ::ffff:10.0.0.1", "<ip> and <ip> and <ip>"],
    ["std::string a::b main.go:12:34", "std::string <ip> main.go:12:34"],
    ["bwp6eb05ee7b623 vethcf87b06e", "<veth> <veth>"],
  ]
  assert.deepEqual(
    texts.map(([text]) => [text, mask(text)]),
    texts,
  )
})

/** The ADD of one of many pods that differ only in what always differs. */
function pod(random: Random, index: number): Operation {
  const hex = (length: number) => Array.from({ length }, () => random.below(16).toString(16)).join("")
  const mac = () => Array.from({ length: 6 }, () => hex(2)).join(":")
  const ipv4 = () => `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`
  const groups = (count: number) => Array.from({ length: count }, () => random.below(65536).toString(16)).join(":")
  const ipv6 = () => random.pick([groups(8), `${groups(1 + random.below(4))}::${groups(random.below(4))}`])
  const clock = () => [24, 60, 60].map((limit) => String(random.below(limit)).padStart(2, "0")).join(":")
  const [containerId, veth] = [hex(64), `veth${hex(8)}`]
  const pod = { namespace: "shop", name: `orders-${index}`, uid: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}` }
  const own = { containerId, pod, netns: `/var/run/netns/cni-${hex(8)}` }
  const [gateway, gateway6] = [ipv4(), ipv6()]
  const result = {
    cniVersion: "1.0.0",
    interfaces: [
      { name: "cni0", mac: mac() },
      { name: veth, mac: mac() },
      { name: "eth0", mac: mac(), sandbox: own.netns },
    ],
    ips: [
      { interface: 2, address: `${ipv4()}/24`, gateway },
      { interface: 2, address: `${ipv6()}/64`, gateway: gateway6 },
    ],
  }
  const log = `${clock()} added ${veth} (${mac()}) for ${containerId}: {IP:${ipv6()} GW:${gateway6}}, arp ${ipv4()} is-at ${mac()}`
  return operation(
    call(`${index}-1`, { plugin: "bridge", ...own, stdout: result, stderr: `${log}\n` }),
    call(`${index}-2`, {
      plugin: "portmap",
      ...own,
      at: 20,
      stdin: { name: "pods", prevResult: result },
      stdout: result,
    }),
  )
}

test("none of a thousand pairs of equal pods differs", (t) => {
  const random = new Random(seedOf(t))
  for (let pair = 0; pair < PAIRS; pair++) {
    const [a, b] = [pod(random, 2 * pair), pod(random, 2 * pair + 1)]
    const different = compareOperations(a, b).flatMap(({ differences }) =>
      differences.filter(({ isVolatile }) => !isVolatile),
    )
    assert.deepEqual(different, [])
  }
})

test("a golden capture equals a hundred later ones, and one setting that changed is seen in each", (t) => {
  const random = new Random(seedOf(t))
  const golden = signaturesOf(pod(random, 0))
  for (let run = 1; run <= RUNS; run++) {
    const later = pod(random, run)
    assert.deepEqual(compareSignatures(golden, signaturesOf(later)), [])
    const bridge = later.calls[0]?.call
    assert.ok(bridge)
    bridge.exit = { code: 1 }
    assert.equal(compareSignatures(golden, signaturesOf(later)).length, 1)
  }
})

function signaturesOf(one: Operation): SignatureCounts {
  const all = new SignatureCounts()
  all.add(one)
  return all
}

function seedOf(t: { diagnostic(text: string): void }): number {
  const seed = Random.seed()
  t.diagnostic(`seed ${seed}`)
  return seed
}
