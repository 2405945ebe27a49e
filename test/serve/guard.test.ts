import assert from "node:assert/strict"
import { test } from "node:test"
import { checkOrigin, checkToken, type RequestInfo, type ServerIdentity } from "../../src/serve/guard.ts"

const house: ServerIdentity = { token: "s3cret", scheme: "http", isOurName: (name) => name === "node-1.example" }
const visit: RequestInfo = {
  method: "GET",
  host: "127.0.0.1:7811",
  origin: undefined,
  fetchSite: undefined,
  authorization: "Bearer s3cret",
}

function statusOf(change: Partial<RequestInfo>): number {
  const judgement = checkOrigin({ ...visit, ...change }, house)
  return judgement.kind === "welcome" ? 200 : judgement.status
}

test("a host is ours when it is an address, localhost or a name of the certificate", () => {
  const hosts = [
    "127.0.0.1:7811",
    "localhost",
    "localhost:9",
    "[::1]:7811",
    "10.0.0.7:443",
    "node-1.example:7811",
    "Node-1.Example",
  ]
  assert.deepEqual(
    hosts.map((host) => statusOf({ host })),
    hosts.map(() => 200),
  )
})

test("any other host came by DNS rebinding or is garbage", () => {
  const hosts = [
    "evil.example:7811",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "",
    undefined,
    "a b",
    "127.0.0.1:7811:1",
    "[::1",
    "user@127.0.0.1",
  ]
  assert.deepEqual(
    hosts.map((host) => statusOf({ host })),
    hosts.map(() => 403),
  )
})

test("a page of another origin is refused, its own is not", () => {
  assert.equal(statusOf({ origin: "http://127.0.0.1:7811" }), 200)
  for (const origin of ["null", "https://127.0.0.1:7811", "http://127.0.0.1:1", "http://evil.example", "file://"]) {
    assert.equal(statusOf({ origin }), 403, origin)
  }
})

test("what the browser says of the requesting site is believed when it is bad", () => {
  const sites = ["same-origin", "none", "cross-site", "same-site"]
  assert.deepEqual(
    sites.map((fetchSite) => statusOf({ fetchSite })),
    [200, 200, 403, 403],
  )
})

test("nothing but reading is answered", () => {
  const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
  assert.deepEqual(
    methods.map((method) => statusOf({ method })),
    [200, 200, 405, 405, 405, 405, 405],
  )
})

test("only the whole token opens", () => {
  const given = [
    "Bearer s3cret",
    "bearer s3cret",
    "Bearer s3cre",
    "Bearer s3cret2",
    "Basic s3cret",
    "s3cret",
    "",
    undefined,
  ]
  const kinds = given.map((authorization) => checkToken({ ...visit, authorization }, house).kind)
  assert.deepEqual(kinds, ["welcome", "welcome", "refused", "refused", "refused", "refused", "refused", "refused"])
})
