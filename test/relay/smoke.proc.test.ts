import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { crc32 } from "node:zlib"
import { decode } from "../../src/capture/codec.ts"

const checksum = (text: string) => ({
  sizeBytes: Buffer.byteLength(text),
  crc32: crc32(text).toString(16).padStart(8, "0"),
})

test("a call through the relay has its reply and leaves a begin and an end line", () => {
  const root = mkdtempSync(join(tmpdir(), "cnitap-"))
  mkdirSync(join(root, "bin/.cnitap/real"), { recursive: true })
  mkdirSync(join(root, "capture"), { mode: 0o700 })
  copyFileSync("dist/relay-x86_64", join(root, "bin/bridge"))
  writeFileSync(join(root, "bin/.cnitap/real/bridge"), "#!/bin/sh\ncat\necho oops >&2\nexit 3\n")
  chmodSync(join(root, "bin/.cnitap/real/bridge"), 0o755)
  writeFileSync(join(root, "bin/.cnitap/relay.json"), JSON.stringify({ format: 1, capture: join(root, "capture") }))
  const input = '{"policy":{"k8s_auth_token":"hunter2"}}'
  const { stdout, stderr, status } = spawnSync(join(root, "bin/bridge"), {
    input,
    env: { CNI_COMMAND: "ADD", PATH: "/usr/bin:/bin" },
  })
  assert.deepEqual(
    { stdout: String(stdout), stderr: String(stderr), status },
    { stdout: input, stderr: "oops\n", status: 3 },
  )

  const [segment] = readdirSync(join(root, "capture"))
  const lines = readFileSync(join(root, "capture", String(segment)), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => decode(line, checksum))
  const [begin, end] = lines.map((line) => (line.kind === "record" ? line.record : undefined))
  assert.equal(begin?.kind, "begin")
  assert.deepEqual(begin?.stdin, {
    sizeBytes: 39,
    redacted: ["/policy/k8s_auth_token"],
    text: '{"policy":{"k8s_auth_token":"[redacted]"}}',
  })
  assert.deepEqual(end?.kind === "end" && [end.exit, end.stderr], [{ code: 3 }, { sizeBytes: 5, text: "oops\n" }])
})
