import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { Payload } from "../../src/capture/record.ts"
import { plantNone, plantOne, readings } from "../capture/plant.ts"
import { Random } from "../capture/random.ts"
import { Stand } from "./stand.ts"

/** Configurations of real networks (from the agents' own manifests); each secret contains this word. */
const SECRET = "hunter2"
const FOLDER = join(import.meta.dirname, "../fixtures/stdin")
const REDACTED: Record<string, string[]> = {
  "aws-cni": ["/runtimeConfig/io.kubernetes.cri.pod-annotations"],
  "calico-etcd": ["/etcd_endpoints", "/etcd_password"],
  "calico-token": ["/policy/k8s_auth_token"],
  "crio-bridge": [],
  "flannel-delegate": ["/args/cni/labels"],
  linkerd: ["/policy/k8s_auth_token"],
  "multus-thin": ["/delegates/0/plugins/0/policy/k8s_auth_token", "/delegates/0/plugins/0/policy/k8s_client_key"],
  "ovn-kubernetes": [],
}

function textOf(payload: Payload | undefined): string {
  assert.ok(payload && "text" in payload)
  return payload.text
}

test("stdin of real networks: the plugin gets its secrets; the record has none and otherwise the same bytes", async (t) => {
  const stand = Stand.with(t, ["echo"])
  const names = readdirSync(FOLDER).map((file) => file.slice(0, -".stdin".length))
  assert.deepEqual(names.sort(), Object.keys(REDACTED).sort())
  for (const name of names) {
    stand.forget()
    const stdin = readFileSync(join(FOLDER, `${name}.stdin`), "utf8")
    const seen = await stand.run("plugin", { command: "ADD", stdin })
    assert.equal(seen.stdout, stdin)
    const [recorded] = stand.stdins()
    const [end] = stand.ends()
    assert.equal(stand.bytes().includes(SECRET), false, name)
    assert.deepEqual([recorded?.redacted ?? [], recorded?.sizeBytes], [REDACTED[name], stdin.length])
    assert.deepEqual(end?.stdout, recorded)
    const pieces = textOf(recorded).split("[redacted]")
    let at = 0
    for (const piece of pieces) {
      const found = stdin.indexOf(piece, at)
      assert.ok(found >= 0, `${name}: ${piece}`)
      at = found + piece.length
    }
    if (pieces.length === 1) assert.equal(textOf(recorded), stdin)
    assert.doesNotThrow(() => JSON.parse(textOf(recorded)))
  }
})

test("with raw, secrets are recorded", async (t) => {
  const stand = Stand.with(t, ["echo"], { raw: true })
  const stdin = readFileSync(join(FOLDER, "calico-token.stdin"), "utf8")
  await stand.run("plugin", { command: "ADD", stdin, env: { K8S_API_TOKEN: `${SECRET}-env` } })
  const [begin] = stand.begins()
  assert.deepEqual(
    [stand.stdins()[0], begin?.env.K8S_API_TOKEN],
    [{ sizeBytes: stdin.length, text: stdin }, `${SECRET}-env`],
  )
})

test("the record has the values of CNI_* and TRACE* variables, and only the names of others", async (t) => {
  const stand = Stand.with(t, ["drain"])
  const entries = [
    "CNI_COMMAND=ADD",
    `CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=web;API_TOKEN=${SECRET};X=y`,
    `CNI_AUTH_TOKEN=${SECRET}`,
    "TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    `K8S_API_TOKEN=${SECRET}`,
    `HTTPS_PROXY=http://u:${SECRET}@proxy:3128`,
    `ETCD_PASSWORD=${SECRET}`,
    `OTEL_EXPORTER_OTLP_HEADERS=authorization=${SECRET}`,
    `AWS=${SECRET}`,
    "EMPTY=",
  ]
  await stand.run("plugin", { launch: entries.flatMap((entry) => ["-e", entry]) })
  const [begin] = stand.begins()
  assert.deepEqual(begin?.env, {
    CNI_COMMAND: "ADD",
    CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAME=web;API_TOKEN=[redacted];X=y",
    TRACEPARENT: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  })
  const names = ["AWS", "CNI_AUTH_TOKEN", "EMPTY", "ETCD_PASSWORD", "HTTPS_PROXY", "K8S_API_TOKEN"]
  assert.deepEqual(begin?.envNames.slice().sort(), [...names, "OTEL_EXPORTER_OTLP_HEADERS"])
  assert.equal(stand.bytes().includes(SECRET), false)
})

test("no half of a secret that the stream limit cuts is recorded", async (t) => {
  const text = '{"name":"net","policy":{"k8s_auth_token":"hunter2-hunter2-hunter2"},"z":1}'
  const stand = Stand.with(t, ["echo"])
  for (let streamBytes = 1; streamBytes < text.length; streamBytes += 2) {
    stand.forget()
    stand.configure({ streamBytes })
    await stand.run("plugin", { command: "ADD", stdin: text })
    assert.equal(stand.bytes().includes("hunt"), false, `${streamBytes} bytes`)
    assert.equal(stand.records().length, 2)
  }
})

test("binary streams are redacted too", async (t) => {
  const stand = Stand.with(t, ["echo"])
  const stdin = Buffer.concat([
    Buffer.from([255, 0, 200]),
    Buffer.from(` token=${SECRET} {"password":"${SECRET}"} `),
    Buffer.from([128]),
  ])
  const seen = await stand.run("plugin", { command: "ADD", stdin })
  assert.equal(Buffer.from(seen.stdout, "latin1").equals(stdin), true)
  const recorded = stand.stdins()[0]
  assert.ok(recorded && "base64" in recorded)
  assert.equal(
    Buffer.from(recorded.base64, "base64").toString("latin1"),
    stdin.toString("latin1").replaceAll(SECRET, "[redacted]"),
  )
})

test("an error message that repeats the configuration, a log line, a Go value: on stdout and stderr", async (t) => {
  const config = readFileSync(join(FOLDER, "aws-cni.stdin"), "utf8")
  const token = readFileSync(join(FOLDER, "calico-token.stdin"), "utf8")
  const out = JSON.stringify({ cniVersion: "0.4.0", code: 999, msg: `cannot parse ${config}: ${token}` })
  const err = `2026-09-01 [DEBUG] delegate ${token}\n&{Name:net Token:${SECRET} Mtu:1}\nlevel=error msg=${JSON.stringify(config)}\n`
  const stand = Stand.with(t, ["drain", `out ${out}`, `err ${err}`, "exit 1"])
  const seen = await stand.run("plugin", { command: "ADD" })
  assert.deepEqual([seen.stdout, seen.stderr], [out, err])
  assert.equal(stand.bytes().includes(SECRET), false)
  const [end] = stand.ends()
  assert.equal(JSON.parse(textOf(end?.stdout)).code, 999)
  assert.match(
    textOf(end?.stderr),
    /^2026-09-01 \[DEBUG\] delegate \{"cniVersion":"0\.3\.1",.*\n&\{Name:net Token:\[redacted\] Mtu:1\}\n/,
  )
})

test("only the beginning of a long text that may hold secrets is searched and recorded", async (t) => {
  const stand = Stand.with(t, ["echo"], { streamBytes: 1_000_000 })
  const line = "level=info token=hunter2 \u{1f310}\n"
  const stdin = line.repeat(20_000)
  const seen = await stand.run("plugin", { command: "ADD", stdin })
  assert.equal(Buffer.from(seen.stdout, "latin1").toString() === stdin, true)
  const [stdout] = stand.ends().map((end) => end.stdout)
  const text = textOf(stdout)
  const kept = line.replace(SECRET, "[redacted]")
  assert.deepEqual(
    [stdout?.sizeBytes, stdout?.truncated, stdout?.truncatedBy, stdout?.redacted],
    [Buffer.byteLength(stdin), true, "search", ["text"]],
  )
  assert.equal(kept.repeat(20_000).startsWith(text), true)
  assert.ok(text.length > 1_500, `${text.length}`)
  stand.forget()
  const harmless = "level=info \n".repeat(20_000)
  await stand.run("plugin", { command: "ADD", stdin: harmless })
  assert.deepEqual(
    stand.ends().map((end) => end.stdout),
    [{ sizeBytes: harmless.length, text: harmless }],
  )
})

test("annotations of 256 KiB, one or many", async (t) => {
  const stand = Stand.with(t, ["drain"])
  const annotations = [
    { "last-applied": `${SECRET} `.repeat(32_000) },
    Object.fromEntries(Array.from({ length: 15_000 }, (_, index) => [`a${index}`, SECRET])),
  ]
  for (const each of annotations) {
    stand.forget()
    const config = { name: "net", runtimeConfig: { "io.kubernetes.cri.pod-annotations": each } }
    const seen = await stand.run("plugin", { command: "ADD", stdin: JSON.stringify(config) })
    assert.equal(seen.code, 0)
    assert.equal(stand.bytes().includes(SECRET), false)
    assert.deepEqual(stand.stdins()[0]?.redacted, ["/runtimeConfig/io.kubernetes.cri.pod-annotations"])
  }
})

test("a password in two arguments, and in a URL that the stream limit cuts", async (t) => {
  const stand = Stand.with(t, ["echo"], { streamBytes: 100 })
  const stdin = `{"pad":"${"x".repeat(50)}","url":"https://user:${SECRET}${SECRET}${SECRET}${SECRET}@host/"}`
  const seen = await stand.run("plugin", { command: "ADD", stdin, argv: ["--password", SECRET, "-v"] })
  assert.equal(seen.stdout, stdin)
  assert.deepEqual(stand.begins()[0]?.argv.slice(1), ["--password", "[redacted]", "-v"])
  const [end] = stand.ends()
  const text = `{"pad":"${"x".repeat(50)}","url":"https:`
  assert.deepEqual(end?.stdout, { sizeBytes: stdin.length, truncated: true, text })
  assert.equal(stand.bytes().includes(SECRET), false)
})

test("an address that the stream limit cuts before its host", async (t) => {
  const stand = Stand.with(t, ["echo"], { streamBytes: 40 })
  await stand.run("plugin", { command: "ADD", stdin: `{"a":"b","dsn":"app:${SECRET}${SECRET}${SECRET}@host"}` })
  assert.deepEqual(textOf(stand.ends()[0]?.stdout), '{"a":"b","dsn":"app:')
})

test("random texts with a secret of any shape, on stdin, stdout and stderr", async (t) => {
  const random = Random.of(t)
  const stand = new Stand()
  t.after(() => stand.remove())
  // Reads its steps from stdin.
  stand.add("plugin")
  stand.wrap("plugin")
  stand.configure()
  for (let round = 0; round < 100; round++) {
    stand.forget()
    const { text, expected, secret } = plantOne(random)
    const harmless = plantNone(random)
    const seen = await stand.run("plugin", {
      command: "ADD",
      stdin: JSON.stringify([`err \n${text}`, `out ${harmless}`]),
    })
    assert.equal(seen.stderr, Buffer.from(`\n${text}`).toString("latin1"))
    const [end] = stand.ends()
    assert.deepEqual(
      [textOf(end?.stderr), textOf(end?.stdout), end?.stdout.redacted],
      [`\n${expected}`, harmless, undefined],
    )
    for (const reading of readings(textOf(stand.stdins()[0]))) assert.equal(reading.includes(secret), false, text)
  }
})
