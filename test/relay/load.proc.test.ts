import assert from "node:assert/strict"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { prune } from "../../src/capture/prune.ts"
import { Stand } from "./stand.ts"

function standWith(t: TestContext, name: string, steps: readonly string[]): Stand {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.add(name, steps)
  stand.wrap(name)
  stand.configure()
  return stand
}

test("500 calls, 50 at once: every begin has its end, and no two lines are mixed", async (t) => {
  const stand = standWith(t, "busy", ["echo", "err done\n"])
  const inputs = Array.from({ length: 500 }, (_, index) =>
    JSON.stringify({ index, filler: "y".repeat((index * 37) % 9000) }),
  )
  const waiting = inputs.map((stdin, index) => ({ stdin, index }))
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { stdin, index } = next
      const seen = await stand.run("busy", { command: "ADD", stdin, env: { CNI_CONTAINERID: `container-${index}` } })
      assert.deepEqual([seen.code, seen.stdout, seen.stderr], [0, stdin, "done\n"])
    }
  }
  await Promise.all(Array.from({ length: 50 }, work))

  const begins = stand.begins()
  const ends = new Map(stand.ends().map((end) => [end.id, end]))
  // On a busy machine a call may take a second and have a progress record too. `records` throws on a line that is not a record.
  const others = stand.records().filter(({ kind }) => kind !== "progress")
  assert.deepEqual([begins.length, ends.size, others.length], [500, 500, 1000])
  for (const { id, env, stdin } of begins) {
    const text = inputs[Number(env.CNI_CONTAINERID?.slice("container-".length))] ?? ""
    const payload = { sizeBytes: text.length, text }
    assert.deepEqual(stdin ?? ends.get(id)?.stdin, payload)
    assert.deepEqual(ends.get(id)?.stdout, payload)
    assert.deepEqual(ends.get(id)?.exit, { code: 0 })
  }
})

test("pruning removes the oldest segments until the rest fits, but never the current one or other files", () => {
  const files = [
    { name: "calls-20260101T03.jsonl", sizeBytes: 400 },
    { name: "calls-20260101T01.jsonl", sizeBytes: 300 },
    { name: ".calls-20260101T01.jsonl.index", sizeBytes: 100 },
    { name: "calls-20260101T02.jsonl", sizeBytes: 400 },
    { name: "notes.txt", sizeBytes: 5000 },
    { name: "calls-20260101T00.jsonl.bak", sizeBytes: 5000 },
  ]
  const removed = (maxSizeBytes: number, current: string, more: typeof files = []) => {
    const names: string[] = []
    prune({ list: () => [...files, ...more], remove: (_, name) => names.push(name) }, "/capture", maxSizeBytes, current)
    return names
  }
  const first = ["calls-20260101T01.jsonl", ".calls-20260101T01.jsonl.index"]
  assert.deepEqual(removed(1200, "calls-20260101T03.jsonl"), [])
  assert.deepEqual(removed(1199, "calls-20260101T03.jsonl"), first)
  assert.deepEqual(removed(500, "calls-20260101T03.jsonl"), [...first, "calls-20260101T02.jsonl"])
  assert.deepEqual(removed(1, "calls-20260101T03.jsonl"), [...first, "calls-20260101T02.jsonl"])
  // A clock that was once ahead leaves segments of future hours.
  assert.deepEqual(removed(1, "calls-20260101T02.jsonl"), [...first, "calls-20260101T03.jsonl"])
  // The index of a segment that was pruned while a reader wrote it.
  const orphan = { name: ".calls-20251231T00.jsonl.index", sizeBytes: 1 }
  assert.deepEqual(removed(9999, "calls-20260101T03.jsonl", [orphan]), [orphan.name])
})

test("neither a busy hour nor the probe log exceeds the limit", async (t) => {
  const stand = standWith(t, "plugin", ["echo"])
  const log = join(stand.root, "cni.log")
  stand.probe("cni_pre")
  stand.configure({ maxSizeBytes: 20_000, logFile: log })
  const stdin = JSON.stringify({ cniVersion: "1.0.0", filler: "x".repeat(1000) })
  for (let round = 0; round < 15; round++) {
    assert.equal((await stand.run("plugin", { command: "ADD", stdin })).stdout, stdin)
    await stand.run("cni_pre", { command: "ADD", stdin })
  }
  const sizes = [...stand.segments().map((name) => statSync(join(stand.capture, name)).size), statSync(log).size]
  assert.ok(
    sizes.every((size) => size > 14_000 && size <= 20_000),
    String(sizes),
  )
  assert.ok(stand.records().length > 10)
})

test("the first call of an hour removes the oldest segments above the limit", async (t) => {
  const stand = standWith(t, "plugin", ["drain"])
  stand.configure({ maxSizeBytes: 10_000 })
  for (const hour of ["01", "02", "03"])
    writeFileSync(join(stand.capture, `calls-20200101T${hour}.jsonl`), "x".repeat(4000))
  writeFileSync(join(stand.capture, ".calls-20200101T01.jsonl.index"), "x".repeat(500))
  writeFileSync(join(stand.capture, "notes.txt"), "x".repeat(50_000))
  await stand.run("plugin", { command: "ADD" })
  assert.deepEqual(stand.segments().slice(0, 2), ["calls-20200101T02.jsonl", "calls-20200101T03.jsonl"])
  assert.equal(stand.segments().length, 3)
  assert.equal(existsSync(join(stand.capture, ".calls-20200101T01.jsonl.index")), false)
  assert.equal(readFileSync(join(stand.capture, "notes.txt"), "utf8").length, 50_000)
})

test("nested calls know their parents", async (t) => {
  const stand = standWith(t, "nested", ["delegate"])
  await stand.run("nested", { command: "ADD", env: { DOUBLE_DEPTH: "2" }, stdin: "{}" })
  const [top, middle, bottom] = stand.begins().sort((a, b) => a.monoMs - b.monoMs)
  assert.deepEqual([top?.parent, middle?.parent, bottom?.parent], [undefined, top?.id, middle?.id])
  assert.deepEqual([top?.depth, middle?.depth, bottom?.depth], [0, 1, 2])
  assert.deepEqual(
    stand.ends().map(({ id }) => id),
    [bottom?.id, middle?.id, top?.id],
  )
})
