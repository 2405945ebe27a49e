import assert from "node:assert/strict"
import { test } from "node:test"
import { clockLine, clockReader } from "../../src/cluster/clock-line.ts"

const NOW_MS = Date.UTC(2026, 2, 1, 6)

test("the clock of a node is read from the first line, however it arrives, and the rest is passed on", () => {
  const printed = Buffer.concat([
    Buffer.from(clockLine(NOW_MS)),
    Buffer.from('{"kind":"Operation"}\n'),
    Buffer.from([0x80]),
  ])
  for (let at = 0; at <= printed.length; at++)
    assert.deepEqual(read(printed.subarray(0, at), printed.subarray(at)), {
      clocks: [NOW_MS],
      data: '{"kind":"Operation"}\n\x80',
    })
})

test("what begins otherwise is passed on as it is", () => {
  for (const text of ['{"kind":"Operation"}\n', "\n", '{"kind":"Clock"}', "no line at all", `\n${clockLine(NOW_MS)}`])
    assert.deepEqual(read(Buffer.from(text)), { clocks: [], data: text })
})

test("a verb that prints nothing has a clock too", () => {
  assert.deepEqual(read(Buffer.from(clockLine(NOW_MS))), { clocks: [NOW_MS], data: "" })
})

function read(...chunks: Buffer[]): { clocks: number[]; data: string } {
  const clocks: number[] = []
  const data: Buffer[] = []
  const push = clockReader(
    (chunk) => void data.push(chunk),
    (nodeMs) => clocks.push(nodeMs),
  )
  for (const chunk of chunks) push(chunk)
  return { clocks, data: Buffer.concat(data).toString("latin1") }
}
