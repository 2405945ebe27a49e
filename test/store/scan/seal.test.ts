import assert from "node:assert/strict"
import { test } from "node:test"
import { encode } from "../../../src/capture/encode.ts"
import type { End } from "../../../src/capture/record.ts"
import { checksum } from "../../../src/store/capture/checksum.ts"
import { sealedEnd } from "../../../src/store/scan/seal.ts"
import { Random } from "../../capture/random.ts"

test("a seal is accepted if it is the one that FORMAT.md describes, and only then", (t) => {
  const random = Random.of(t)
  for (let round = 0; round < 2000; round++) {
    const text = random.below(3) > 0 ? damaged(random, sealedLine(random)) : sealedLine(random)
    const before = random.text(9)
    const bytes = Buffer.from(`${before}${text}\n${random.text(9)}`)
    const from = Buffer.byteLength(before)
    const end = sealedEnd(bytes, from, from + Buffer.byteLength(text))
    assert.equal(end, isComplete(text) ? from + Buffer.byteLength(bodyOf(text)) : -1, text)
  }
})

function sealedLine(random: Random): string {
  const text = random.text(random.below(3000))
  const end: End = {
    format: 1,
    kind: "end",
    id: "0123456789abcdef",
    wallMs: 1795619822441.376,
    monoMs: 3029545.208,
    durationMs: random.below(100_000) / 1000,
    spawnMs: 0.412,
    exit: { code: 0 },
    usage: { maxRssBytes: 7915776, userMs: 1.948, systemMs: 1.102 },
    stdout: { sizeBytes: Buffer.byteLength(text), text },
    stderr: { sizeBytes: 0, text: "" },
  }
  return encode(end, checksum).trim()
}

function damaged(random: Random, text: string): string {
  return random.pick([
    text.slice(0, 1 + random.below(text.length - 1)),
    text.slice(1 + random.below(text.length - 1)),
    text.replace('"kind":"end"', '"kind":"and"'),
    text.replace(/crc32":"./, 'crc32":"A'),
    text.replace('"seal":{"sizeBytes":', '"seal":{"sizeBytes":0'),
    text.replace('"seal":{"sizeBytes":', '"seal":{"sizeBytes":1'),
    "not a record",
  ])
}

/** The check that FORMAT.md describes. */
function isComplete(text: string): boolean {
  const body = bodyOf(text)
  const { sizeBytes, crc32 } = checksum(body)
  return text === `${body},"seal":{"sizeBytes":${sizeBytes},"crc32":"${crc32}"}}`
}

function bodyOf(text: string): string {
  return text.slice(0, text.lastIndexOf(',"seal":'))
}
