import assert from "node:assert/strict"
import { test } from "node:test"
import { contains, formatAddress, parseAddress, parsePrefix, prefixLength } from "../../src/cni/address.ts"

test("IPv4 and IPv6 addresses, and text that is not an address", () => {
  const read = (text: string) => {
    const address = parseAddress(text)
    return address && `${address.bits} ${address.value.toString(16)}`
  }
  assert.deepEqual(
    ["10.1.2.3", "0.0.0.0", "::", "fd00::1", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1", "2001:DB8::"].map(read),
    [
      "32 a010203",
      "32 0",
      "128 0",
      "128 fd000000000000000000000000000001",
      "128 10002000300040005000600070008",
      "128 ffff0a000001",
      "128 20010db8000000000000000000000000",
    ],
  )
  const none = [
    "",
    "10.1.2",
    "10.1.2.256",
    "10.1.2.03",
    "1::2::3",
    "12345::",
    ":::",
    "1:2:3:4:5:6:7",
    "x::",
    "::1%eth0",
  ]
  assert.deepEqual(
    none.map(read),
    none.map(() => undefined),
  )
})

test("a prefix contains only addresses of its own family", () => {
  const isIn = (address: string, network: string) => {
    const [own, prefix] = [parseAddress(address), parsePrefix(network)]
    return own && prefix && contains(prefix, own)
  }
  assert.deepEqual(
    [isIn("10.1.2.3", "10.1.0.0/16"), isIn("10.2.2.3", "10.1.0.0/16"), isIn("10.2.2.3", "0.0.0.0/0")],
    [true, false, true],
  )
  assert.deepEqual(
    [isIn("fd00::5", "fd00::/64"), isIn("10.0.0.1", "::/0"), isIn("::1", "::1/128")],
    [true, false, true],
  )
  assert.deepEqual(["10.0.0.0/33", "10.0.0.0", "fd00::/129", "/8"].map(parsePrefix), new Array(4).fill(undefined))
})

test("addresses are formatted as Go formats them", () => {
  const bytes = (...groups: number[]) => groups.flatMap((group) => [group >> 8, group & 255])
  assert.deepEqual(
    [
      [10, 1, 2, 3],
      bytes(0, 0, 0, 0, 0, 0xffff, 0x0a01, 0x0203),
      bytes(0, 0, 0, 0, 0, 0, 0, 0),
      bytes(0, 0, 0, 0, 0, 0, 0, 1),
      bytes(0xfd00, 0, 0, 0, 0, 0, 0, 0),
      bytes(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1),
      bytes(0x2001, 0xdb8, 0, 0, 1, 0, 0, 0),
      bytes(1, 0, 3, 4, 5, 6, 7, 8),
      bytes(0x10, 0, 0, 0x100, 5, 6, 7, 8),
      [1, 2, 3],
    ].map(formatAddress),
    [
      "10.1.2.3",
      "10.1.2.3",
      "::",
      "::1",
      "fd00::",
      "2001:db8::1:0:0:1",
      "2001:db8:0:0:1::",
      "1:0:3:4:5:6:7:8",
      "10::100:5:6:7:8",
      undefined,
    ],
  )
})

test("the prefix length of a mask", () => {
  assert.deepEqual(
    [
      [255, 255, 255, 0],
      [255, 255, 240, 0],
      [0, 0, 0, 0],
      [255, 255, 255, 255],
      new Array<number>(16).fill(255),
      [255, 0, 255, 0],
      [255, 255, 255],
    ].map(prefixLength),
    [24, 20, 0, 32, 128, undefined, undefined],
  )
})
