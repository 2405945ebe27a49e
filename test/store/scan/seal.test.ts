import assert from "node:assert/strict"
import { test } from "node:test"
import { crc32 } from "node:zlib"
import { encode } from "../../../src/capture/codec.ts"
import type { End } from "../../../src/capture/record.ts"
import { checksum } from "../../../src/store/capture/checksum.ts"
import { checkSeals, combinedCrc, type LineTable, sealedEnd } from "../../../src/store/scan/seal.ts"
import { Random } from "../../capture/random.ts"

test("the checksum of complete lines is combined from their seals, with any number of newlines between them", (t) => {
  const random = randomOf(t)
  for (let round = 0; round < 60; round++) {
    const bytes = Buffer.from(linesOf(random, 1 + random.below(40)).join("\n".repeat(1 + random.below(3))))
    const lines = cut(bytes)
    assert.equal(combinedCrc(bytes, bytes.length, lines), crc32(bytes.subarray(lines.from[0])))
  }
})

test("many lines are checked with the same result as each of them alone, damaged lines among them", (t) => {
  const random = randomOf(t)
  for (let round = 0; round < 60; round++) {
    const texts = linesOf(random, 1 + random.below(40)).map((text) =>
      random.below(9) > 0 ? text : damaged(random, text),
    )
    const bytes = Buffer.from(`${texts.join("\n\n")}\n`)
    const lines = cut(bytes)
    checkSeals(bytes, bytes.length, lines)
    const alone = Array.from({ length: lines.count }, (_, line) =>
      sealedEnd(bytes, at(lines.from, line), at(lines.to, line)),
    )
    assert.deepEqual([...lines.sealedEnd.subarray(0, lines.count)], alone)
    for (const [line, end] of alone.entries()) {
      const text = bytes.subarray(at(lines.from, line), at(lines.to, line)).toString()
      assert.equal(end >= 0, text.startsWith("{") && isComplete(text), text)
    }
  }
})

function randomOf(t: { diagnostic(text: string): void }): Random {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  return new Random(seed)
}

function linesOf(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => {
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
  })
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
  const body = text.slice(0, text.lastIndexOf(',"seal":'))
  const { sizeBytes, crc32: sum } = checksum(body)
  return text === `${body},"seal":{"sizeBytes":${sizeBytes},"crc32":"${sum}"}}`
}

function cut(bytes: Buffer): LineTable {
  const ranges: [number, number][] = []
  let from = 0
  for (let to = bytes.indexOf(10); from < bytes.length; to = bytes.indexOf(10, from)) {
    const end = to < 0 ? bytes.length : to
    if (end > from) ranges.push([from, end])
    from = end + 1
  }
  return {
    count: ranges.length,
    from: Int32Array.from(ranges, ([start]) => start),
    to: Int32Array.from(ranges, ([, end]) => end),
    sealedEnd: new Int32Array(ranges.length),
  }
}

function at(numbers: Int32Array, index: number): number {
  return numbers[index] ?? 0
}
