import assert from "node:assert/strict"
import { constants } from "node:os"
import { after, before, test } from "node:test"
import type { Begin, CaptureRecord, End, Payload } from "../../src/capture/record.ts"
import { testEquivalence } from "../relay/equivalence.ts"
import { ComparedStand } from "./compared-stand.ts"

const stand = new ComparedStand()
before(() => stand.observe())
after(() => stand.remove())

testEquivalence(stand)

test("all of these calls were observed, and no event was lost", async () => {
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  const observed = byProcess(stand.records())
  assert.ok(stand.made.length > 1300, `${stand.made.length} calls`)
  assert.deepEqual(
    stand.made.filter((made) => !observed.has(keyOf(made))),
    [],
  )
})

test("behind the relay, what is observed is what the relay records", () => {
  const observed = byProcess(stand.records())
  const relayed = byProcess(stand.records(stand.relayed))
  assert.ok(relayed.size > 400, `${relayed.size} calls`)
  for (const [key, call] of relayed) assert.deepEqual(factsOf(observed.get(key), observed), factsOf(call, relayed), key)
})

test("exit and output are what the caller has seen", () => {
  const observed = byProcess(stand.records())
  for (const { seen, ...made } of stand.made) {
    const end = observed.get(keyOf(made))?.end
    const exit = seen.signal ? { signal: constants.signals[seen.signal] } : { code: seen.code }
    assert.deepEqual(end?.exit, exit, made.name)
    // Its reader had gone.
    if (made.name === "endless") continue
    for (const [name, text] of [
      ["stdout", seen.stdout],
      ["stderr", seen.stderr],
    ] as const)
      assert.deepEqual(sizeOf(end?.[name]), text.length, `${made.name} ${name}`)
  }
})

type RecordedCall = { begin: Begin; end: End | undefined }

function byProcess(records: readonly CaptureRecord[]): Map<string, RecordedCall> {
  const ends = new Map(records.filter((it): it is End => it.kind === "end").map((end) => [end.id, end]))
  const begins = records.filter((it): it is Begin => it.kind === "begin")
  return new Map(
    begins.map((begin) => [keyOf({ pid: begin.pid, name: begin.plugin }), { begin, end: ends.get(begin.id) }]),
  )
}

function keyOf({ pid, name }: { pid: number; name: string }): string {
  return `${name} ${pid}`
}

/** Of a call, what both must have; `above`: the call that it was nested in. */
function factsOf(call: RecordedCall | undefined, calls: ReadonlyMap<string, RecordedCall>): unknown {
  if (!call) return undefined
  const { path, argv, env, envNames, depth, stdin = call.end?.stdin, parent } = call.begin
  const above = [...calls.values()].find(({ begin }) => begin.id === parent)?.begin
  const { stdout, stderr, exit } = call.end ?? {}
  // Its reader goes in the middle: the plugin has written more than the relay could.
  const outputs = call.begin.plugin === "endless" ? {} : { stdout, stderr }
  return {
    path,
    argv,
    env,
    envNames,
    depth,
    above: above && keyOf({ pid: above.pid, name: above.plugin }),
    stdin,
    ...outputs,
    exit,
  }
}

function sizeOf(payload: Payload | undefined): number | undefined {
  return payload?.sizeBytes
}
