import assert from "node:assert/strict"
import { test } from "node:test"
import { encode } from "../../../src/capture/encode.ts"
import type { CaptureRecord } from "../../../src/capture/record.ts"
import { addressNumber, parseAddress } from "../../../src/cni/address.ts"
import { resultOf } from "../../../src/model/call.ts"
import { addressesOf } from "../../../src/model/result/result-fields.ts"
import { checksum } from "../../../src/store/capture/checksum.ts"
import { HeaderReader } from "../../../src/store/scan/read-header.ts"
import { Random } from "../../capture/random.ts"
import { ipv6Spelling } from "../../cni/ipv6-spelling.ts"

/** 4,000 results: most as plugins print them, some as no plugin does but JSON allows. */
const ROUNDS = 4000

test("no address of a result is missed, whatever its version, its notation and the writer's JSON", (t) => {
  const random = Random.of(t)
  const reader = new HeaderReader()
  let found = 0
  for (let round = 0; round < ROUNDS; round++) {
    const text = escaped(random, resultText(random))
    const expected = numbersOf(resultOf({ as: "relay", command: "ADD", stdout: payload(text) }))
    const numbers = addressesIn(reader, end(text, random.pick(["", '"address":"10.9.9.9"', random.text(20)])))
    assert.deepEqual(
      expected.filter((number) => !numbers.includes(number)),
      [],
      text,
    )
    found += expected.length
  }
  assert.ok(found > ROUNDS / 4, `${found} addresses`)
})

test("the result that a probe was given has its addresses", (t) => {
  const random = Random.of(t)
  const reader = new HeaderReader()
  for (let round = 0; round < ROUNDS; round++) {
    const text = escaped(random, `{"name":"pods","prevResult":${resultText(random)},"type":"cni_post"}`)
    const expected = numbersOf(resultOf({ as: "probe", command: "ADD", stdin: payload(text) }))
    const numbers = addressesIn(reader, begin("probe", text))
    assert.deepEqual(
      expected.filter((number) => !numbers.includes(number)),
      [],
      text,
    )
  }
})

test("an index has exactly the addresses of what plugins print, and none of what they are given", () => {
  const reader = new HeaderReader()
  const result = {
    cniVersion: "1.0.0",
    interfaces: [{ name: "eth0", mac: "32:2b:a6:69:70:48", sandbox: "/run/netns/a" }],
    ips: [
      { address: "10.1.2.3/24", gateway: "10.1.2.1", interface: 0 },
      { address: "fd00:0:0::3/64", gateway: "fd00::1" },
    ],
    routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.1" }],
    dns: { nameservers: ["10.96.0.10"] },
  }
  const both = [0x0a010203, numberOf("fd00::3")]
  assert.deepEqual(addressesIn(reader, end(JSON.stringify(result, null, 4))), both)
  assert.deepEqual(addressesIn(reader, end(JSON.stringify(result))), both)
  assert.deepEqual(addressesIn(reader, end(JSON.stringify({ ip4: { ip: "10.1.2.3/24" } }))), [0x0a010203])
  assert.deepEqual(addressesIn(reader, end("")), [])
  assert.deepEqual(addressesIn(reader, begin("relay", JSON.stringify({ prevResult: result }))), [])
  assert.equal(reader.fallbacks, 0)
})

test("what a call without an end has printed so far counts too", () => {
  const text = '{"ips":[{"address":"10.1.2.3/24"}]}'
  const progress = { format: 1, kind: "progress", id: "a", wallMs: 1, monoMs: 1 } as const
  const record: CaptureRecord = { ...progress, stdout: payload(text), stderr: payload("") }
  assert.deepEqual(addressesIn(new HeaderReader(), record), [0x0a010203])
})

function addressesIn(reader: HeaderReader, record: CaptureRecord): number[] {
  const bytes = Buffer.from(encode(record, checksum))
  reader.open(bytes, bytes.length)
  assert.equal(reader.next(), "record")
  return [...reader.header.addresses]
}

function numbersOf(result: Record<string, unknown> | undefined): number[] {
  return addressesOf(result).flatMap((text) => (parseAddress(text) ? [numberOf(text)] : []))
}

function numberOf(text: string): number {
  const address = parseAddress(text)
  assert.ok(address, text)
  return addressNumber(address)
}

function resultText(random: Random): string {
  const address = () => {
    const v4 = `10.${random.below(256)}.0.${random.below(300)}`
    const groups = Array.from({ length: 8 }, () => random.pick([0, 0, 1, 0x3f, random.below(0x10000)]))
    return random.pick([v4, v4, ipv6Spelling(random, groups), "010.1.1.1", random.text(5)]) + random.pick(["/24", ""])
  }
  const result = random.pick([
    { ips: Array.from({ length: random.below(4) }, () => ({ version: "4", address: address() })), dns: {} },
    { ips: [{ address: address(), [random.text(3)]: "address" }], routes: [{ address: 7 }] },
    { ip4: { ip: address(), gateway: address() }, ip6: { ip: address() } },
    { ips: [{ address: null }, { ip: address() }, { address: address() }] },
  ])
  const text = JSON.stringify(result, null, random.pick(["", "", "    ", "\t"]))
  return random.pick([text, text, text, text.slice(0, random.below(text.length)), text.replaceAll(":", " : ")])
}

/** As other writers of JSON do occasionally: slashes, letters and digits as escapes. */
function escaped(random: Random, json: string): string {
  if (random.below(3) > 0) return json
  return [...json]
    .map((character) => {
      if (character === "/" && random.below(2) > 0) return "\\/"
      if (/[a-z0-9.]/i.test(character) && random.below(40) === 0)
        return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
      return character
    })
    .join("")
}

function begin(as: "relay" | "probe", text: string): CaptureRecord {
  return {
    format: 1,
    kind: "begin",
    id: "0123456789abcdef",
    depth: 0,
    as,
    wallMs: 1795619822441.376,
    monoMs: 3029545.208,
    node: "worker-1",
    pid: 1,
    ppid: 2,
    parentName: "containerd",
    plugin: "cni_post",
    path: "/opt/cni/bin/cni_post",
    argv: ["/opt/cni/bin/cni_post"],
    env: { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c0ffee", CNI_IFNAME: "eth0" },
    envNames: ["PATH"],
    stdin: payload(text),
  }
}

function end(stdout: string, stderr = ""): CaptureRecord {
  return {
    format: 1,
    kind: "end",
    id: "0123456789abcdef",
    wallMs: 1795619822541.376,
    monoMs: 3029645.208,
    durationMs: 100.25,
    spawnMs: 0.412,
    exit: { code: 0 },
    usage: { maxRssBytes: 7915776, userMs: 1.948, systemMs: 1.102 },
    stdout: payload(stdout),
    stderr: payload(stderr),
  }
}

function payload(text: string): { sizeBytes: number; text: string } {
  return { sizeBytes: Buffer.byteLength(text), text }
}
