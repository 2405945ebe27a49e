import assert from "node:assert/strict"
import { test } from "node:test"
import { contains, parseAddress, parsePrefix } from "../../src/cni/address.ts"

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
