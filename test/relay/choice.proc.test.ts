import assert from "node:assert/strict"
import { test } from "node:test"
import { Stand } from "./stand.ts"

test("untilMs: calls are recorded before that time, but not after it", async (t) => {
  const stand = Stand.with(t, ["echo"], { untilMs: Date.now() - 1 })
  const seen = await stand.run("plugin", { command: "ADD", stdin: "{}" })
  assert.deepEqual([seen.stdout, seen.code, stand.kinds()], ["{}", 0, []])
  stand.configure({ untilMs: Date.now() + 3_600_000 })
  await stand.run("plugin", { command: "ADD", stdin: "{}" })
  assert.deepEqual(stand.kinds(), ["begin", "end"])
})

test("sampleOneIn: every process makes the same decision, so an operation is recorded as a whole or not at all", async (t) => {
  const stand = Stand.with(t, ["delegate"], { sampleOneIn: 4 })
  const ids = Array.from({ length: 40 }, (_, index) => `container-${index}`)
  const drawn = ids.filter((id) => fnv1a(id) % 4 === 0)
  assert.ok(drawn.length > 2 && drawn.length < 25, `${drawn.length} of 40`)
  for (const id of ids)
    for (const command of ["ADD", "DEL"])
      await stand.run("plugin", { command, env: { CNI_CONTAINERID: id, DOUBLE_DEPTH: "1" }, stdin: "{}" })
  // Two commands, each with a nested call.
  const expected = drawn.flatMap((id) => [id, id, id, id])
  assert.deepEqual(
    stand.begins().map(({ env }) => env.CNI_CONTAINERID),
    expected,
  )
  assert.equal(stand.ends().length, expected.length)
})

test("onlyFailures: both lines of a failed call are recorded, and nothing of a successful one", async (t) => {
  const stand = Stand.with(t, ["echo"], { onlyFailures: true })
  await stand.run("plugin", { command: "ADD", stdin: "{}" })
  assert.deepEqual(stand.kinds(), [])
  for (const [steps, exit] of [
    [["drain", "out x", "err y", "exit 7"], { code: 7 }],
    [["drain", "out x", "err y", "signal 11"], { signal: 11 }],
  ] as const) {
    stand.forget()
    stand.add("failing", steps)
    stand.wrap("failing")
    await stand.run("failing", { command: "ADD", stdin: "{}" })
    const [begin, end] = stand.records()
    assert.deepEqual([begin?.kind, end?.kind, end?.id], ["begin", "end", begin?.id])
    assert.deepEqual(end?.kind === "end" && [end.exit, end.stdout, end.stderr], [
      exit,
      { sizeBytes: 1, text: "x" },
      { sizeBytes: 1, text: "y" },
    ])
    assert.deepEqual(stand.stdins(), [{ sizeBytes: 2, text: "{}" }])
    assert.ok(end && begin && begin.wallMs <= end.wallMs)
  }
})

/** FNV-1a, 32 bits: readers and other tools may predict the sample. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}
