import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { test } from "node:test"
import { checkOrigin, checkToken, type RequestInfo, type ServerIdentity } from "../../src/serve/guard.ts"

const server: ServerIdentity = {
  token: "s3cret",
  challenge: "c1",
  scheme: "http",
  ownsName: (name) => name === "node-1.example",
}
const request: RequestInfo = {
  method: "GET",
  host: "127.0.0.1:7811",
  origin: undefined,
  fetchSite: undefined,
  authorization: "Bearer s3cret",
  target: "/api/review",
}

function statusOf(change: Partial<RequestInfo>): number {
  const decision = checkOrigin({ ...request, ...change }, server)
  return decision.kind === "allowed" ? 200 : decision.status
}

test("a Host is allowed if it is an IP address, localhost or a name in the certificate", () => {
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

test("any other Host is denied: DNS rebinding, or malformed", () => {
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

test("a cross-origin request is denied, a same-origin one is allowed", () => {
  assert.equal(statusOf({ origin: "http://127.0.0.1:7811" }), 200)
  for (const origin of ["null", "https://127.0.0.1:7811", "http://127.0.0.1:1", "http://evil.example", "file://"]) {
    assert.equal(statusOf({ origin }), 403, origin)
  }
})

test("Sec-Fetch-Site denies cross-site and same-site requests", () => {
  const sites = ["same-origin", "none", "cross-site", "same-site"]
  assert.deepEqual(
    sites.map((fetchSite) => statusOf({ fetchSite })),
    [200, 200, 403, 403],
  )
})

test("methods other than GET and HEAD are denied", () => {
  const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
  assert.deepEqual(
    methods.map((method) => statusOf({ method })),
    [200, 200, 405, 405, 405, 405, 405],
  )
})

test("only the exact token is allowed", () => {
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
  const kinds = given.map((authorization) => checkToken({ ...request, authorization }, server).kind)
  assert.deepEqual(kinds, ["allowed", "allowed", "denied", "denied", "denied", "denied", "denied", "denied"])
})

test("a signature is allowed for its server and its target only", () => {
  const signature = (token: string, signed: string) =>
    `Signature ${createHmac("sha256", token).update(signed).digest("base64")}`
  const given = [
    signature("s3cret", "c1\n/api/review"),
    signature("s3cret", "c1\n/api/events"),
    signature("s3cret", "c2\n/api/review"),
    signature("other", "c1\n/api/review"),
    "Signature s3cret",
    "Signature ",
  ]
  const kinds = given.map((authorization) => checkToken({ ...request, authorization }, server).kind)
  assert.deepEqual(kinds, ["allowed", "denied", "denied", "denied", "denied", "denied"])
})
