import assert from "node:assert/strict"
import { test } from "node:test"
import { findHit } from "../../../src/model/filter/find-hit.ts"
import { parseFilter } from "../../../src/model/filter/parse.ts"
import { call, operation, T0 } from "../calls.ts"

const msg = "failed to allocate: no IP addresses available"
const failed = operation(
  call("bridge", { exit: { code: 1 }, stdout: { code: 999, msg }, stderr: "bridge: veth pair made" }),
  call("host-local", {
    parent: "bridge",
    at: 1,
    exit: { code: 1 },
    stdout: { code: 999, msg },
    stderr: "lock taken\n254 of 254 addresses reserved",
  }),
)
const ok = operation(call("bridge"), call("policy", { at: 20, stderr: "TLS handshake timeout" }))

function hit(text: string, of = failed) {
  const parsed = parseFilter(text, T0)
  if (!parsed.ok) throw new Error(parsed.error.message)
  return findHit(parsed.filter, of, T0)
}

test("a hit is the call, the stream and the text that a filter matched", () => {
  assert.deepEqual(
    [
      "stderr ~ 'of 254'",
      "stderr ~ /veth \\w+/",
      "msg ~ 'IP addresses'",
      "no IP addresses",
      "available orders",
      "plugin=bridge no addresses",
      "code=999 and plugin=host-local",
      "failed",
      "shop/web-1",
      "not stderr ~ nothing",
    ].map((text) => [text, hit(text)]),
    [
      ["stderr ~ 'of 254'", { call: "host-local", stream: "stderr", text: "of 254" }],
      ["stderr ~ /veth \\w+/", { call: "bridge", stream: "stderr", text: "veth pair" }],
      ["msg ~ 'IP addresses'", { call: "host-local", stream: "stdout", text: "IP addresses" }],
      ["no IP addresses", { call: "host-local", stream: "stdout", text: "no IP addresses" }],
      ["available orders", { call: "host-local", stream: "stdout", text: "available" }],
      ["plugin=bridge no addresses", { call: "bridge", stream: "stdout", text: "addresses" }],
      ["code=999 and plugin=host-local", { call: "host-local", stream: "stdout", text: '"code"' }],
      ["failed", undefined],
      ["shop/web-1", undefined],
      ["not stderr ~ nothing", undefined],
    ],
  )
  assert.deepEqual(hit("stderr ~ handshake", ok), { call: "policy", stream: "stderr", text: "handshake" })
  assert.deepEqual(hit("10.1.2.3", ok), { call: "bridge", stream: "stdout", text: "10.1.2.3" })
  assert.deepEqual(hit("plugin=policy", ok), { call: "policy" })
})
