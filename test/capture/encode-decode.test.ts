import assert from "node:assert/strict"
import { test } from "node:test"
import { decode } from "../../src/capture/decode.ts"
import { encode } from "../../src/capture/encode.ts"
import type { Begin, End } from "../../src/capture/record.ts"
import { checksum } from "../../src/store/capture/checksum.ts"
import { Random } from "./random.ts"

const begin: Begin = {
  format: 1,
  kind: "begin",
  id: "0123456789abcdef",
  depth: 0,
  as: "relay",
  wallMs: 1_790_000_000_000.123,
  monoMs: 5000.5,
  node: "node-1",
  pid: 100,
  ppid: 99,
  parentName: "containerd",
  plugin: "bridge",
  path: "/opt/cni/bin/bridge",
  argv: ["/opt/cni/bin/bridge"],
  env: { CNI_COMMAND: "ADD" },
  envNames: ["PATH"],
  stdin: { sizeBytes: 15, text: '{"name":"näm"}' },
}

const end: End = {
  format: 1,
  kind: "end",
  id: "0123456789abcdef",
  wallMs: 1_790_000_000_010,
  monoMs: 5010,
  durationMs: 9.5,
  spawnMs: 0.3,
  exit: { code: 0 },
  usage: { maxRssBytes: 1024, userMs: 1, systemMs: 2 },
  stdout: { sizeBytes: 3, base64: "AP8B" },
  stderr: { sizeBytes: 0, text: "" },
}

const line = encode(begin, checksum).trim()

/** A line of another format or kind, sealed as its writer would seal it. */
function sealed(value: object): string {
  return encode(value as Begin, checksum).trim()
}

test("a record has a newline at both ends and none inside", () => {
  assert.match(encode(begin, checksum), /^\n\{[^\n]+\}\n$/)
})

test("decoding returns what was encoded", () => {
  assert.deepEqual(decode(line, checksum), { kind: "record", record: begin })
  assert.deepEqual(decode(sealed(end), checksum), { kind: "record", record: end })
})

test("random records are decoded unchanged", (t) => {
  const random = Random.of(t)
  for (let round = 0; round < 500; round++) {
    const record: Begin = {
      ...begin,
      argv: [random.text(20)],
      env: { [random.text(5)]: random.text(50) },
      stdin: { sizeBytes: random.below(1000), text: random.text(200) + JSON.stringify(random.json(4)) },
    }
    assert.deepEqual(decode(sealed(record), checksum), { kind: "record", record })
  }
})

test("a line cut at any byte is torn, never a record", () => {
  const bytes = Buffer.from(line)
  for (let size = 1; size < bytes.length; size++) {
    const torn = decode(bytes.subarray(0, size).toString("utf8"), checksum)
    assert.deepEqual(torn, { kind: size < '{"format":'.length ? "foreign" : "torn" }, `${size} bytes`)
  }
})

test("a changed byte anywhere is detected", () => {
  const bytes = Buffer.from(line)
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.notEqual(decode(changed.toString("utf8"), checksum).kind, "record", `byte ${at}`)
  }
})

test("two records on one line are torn", () => {
  assert.deepEqual(decode(line + line, checksum), { kind: "torn" })
  assert.deepEqual(decode(line.slice(0, 50) + line, checksum), { kind: "torn" })
})

test("a newer format has its number, an unknown kind its name, anything else is foreign", () => {
  assert.deepEqual(decode(sealed({ ...begin, format: 2 }), checksum), { kind: "newer", format: 2 })
  assert.deepEqual(decode('{"format":7,"kind":"begin"}', checksum), { kind: "newer", format: 7 })
  assert.deepEqual(decode(sealed({ format: 1, kind: "gap" }), checksum), { kind: "unknown", recordKind: "gap" })
  for (const foreign of ["", "hello", "null", "[]", "{}", '{"a":1}', '{"format":"1"}', '"x"'])
    assert.deepEqual(decode(foreign, checksum), { kind: "foreign" }, foreign)
})

test("a malformed seal is not a seal", () => {
  const body = line.slice(0, line.lastIndexOf(',"seal":'))
  for (const seal of ["null", "1", '"x"', "[]", "{}", '{"sizeBytes":"1","crc32":1}'])
    assert.deepEqual(decode(`${body},"seal":${seal}}`, checksum), { kind: "torn" }, seal)
})

test("a payload that contains a sealed line is still one record", () => {
  const quoting: Begin = { ...begin, stdin: { sizeBytes: 1, text: encode(begin, checksum) } }
  assert.deepEqual(decode(sealed(quoting), checksum), { kind: "record", record: quoting })
})
