import assert from "node:assert/strict"
import { appendFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { encode } from "../../src/capture/encode.ts"
import { FORMAT, type LossRecord, NOTHING_LOST } from "../../src/capture/record.ts"
import { segmentName } from "../../src/capture/segment-name.ts"
import { checksum } from "../../src/store/capture/checksum.ts"
import { cnitap } from "./cnitap.ts"
import { writeCalls } from "./written-capture.ts"

const NOON = Date.UTC(2026, 10, 28, 12)
const capture = mkdtempSync(join(tmpdir(), "cnitap-losses-"))
after(() => rmSync(capture, { recursive: true }))

writeCalls(capture, [
  { id: "a1", node: "node-1", pod: "early", wallMs: NOON, durationMs: 20 },
  { id: "a2", node: "node-1", pod: "late", wallMs: NOON + 60_000, durationMs: 20 },
])
write({ reason: "full", sinceMs: NOON - 500, wallMs: NOON + 500, calls: 3 })
write({ reason: "full", sinceMs: NOON + 500, wallMs: NOON + 1_500, calls: 2, pieces: 7 })
write({ reason: "preempted", sinceMs: NOON + 500, wallMs: NOON + 1_500, misses: 4 })
write({ reason: "stopped", sinceMs: NOON + 10_000, wallMs: NOON + 20_000, calls: 1 })

const LOST = [
  "cnitap: 5 calls were not recorded, because the kernel's buffer was full; 2026-11-28T11:59:59Z to 2026-11-28T12:00:01Z",
  "cnitap: 7 pieces of streams were lost, because the kernel's buffer was full: their calls are marked; 2026-11-28T11:59:59Z to 2026-11-28T12:00:01Z",
  "cnitap: 4 events were not seen, because a process was preempted in the observer's program: calls in flight are marked, and calls may be missing; 2026-11-28T11:59:59Z to 2026-11-28T12:00:01Z",
  "cnitap: no observer was running for a while: calls of that time were not recorded, and 1 was in flight at its end; 2026-11-28T12:00:10Z to 2026-11-28T12:00:20Z",
]

test("every listing says what the observer has not recorded, whether it reads an index or the records", async () => {
  for (const verb of [["ls", "-o", "name"], ["ls", "-o", "jsonl"], ["stats"], ["tail", "-o", "name"], ["lint"]])
    assert.deepEqual((await read(...verb)).stderr.trim().split("\n"), LOST, verb.join(" "))
})

test("for a time range, only what was lost in it is reported", async () => {
  assert.equal((await read("ls", "-o", "name", "--since", "2026-11-28T12:00:30Z")).stderr, "")
  assert.deepEqual(
    (await read("ls", "-o", "name", "--since", "2026-11-28T12:00:05Z")).stderr.trim().split("\n"),
    LOST.slice(3),
  )
})

test("explain says what was lost in the time of the operation", async () => {
  const early = await read("explain", "shop/early")
  assert.match(
    early.stdout,
    /^ *not recorded +3 calls were not recorded, because the kernel's buffer was full; 2026-11-28T11:59:59Z to 2026-11-28T12:00:00Z$/m,
  )
  const late = await read("explain", "shop/late")
  assert.doesNotMatch(late.stdout, /not recorded/)
})

test("a bundle has them too, after the calls", async () => {
  const bundle = join(capture, "losses.bundle")
  await cnitap(["export", "bundle", "--capture", capture, "--out", bundle, "--since", "2026-11-28T12:00:05Z"])
  for (const verb of [["ls", "-o", "name"], ["stats"], ["explain", "shop/late"]])
    assert.deepEqual(
      (await cnitap([...verb, "--from", bundle])).stderr.trim().split("\n"),
      LOST.slice(3),
      verb.join(" "),
    )
  rmSync(bundle)
})

test("an exported page has them too", async () => {
  const { stdout } = await read("export", "html")
  const json = stdout.split('<script type="application/json" id="capture">').at(-1)?.split("</script>")[0]
  assert.deepEqual(
    JSON.parse(json ?? "").losses.map(({ reason, calls, pieces }: LossRecord) => ({ reason, calls, pieces })),
    [
      { reason: "full", calls: 3, pieces: 0 },
      { reason: "full", calls: 2, pieces: 7 },
      { reason: "preempted", calls: 0, pieces: 0 },
      { reason: "stopped", calls: 1, pieces: 0 },
    ],
  )
})

function read(...args: string[]) {
  return cnitap([...args, "--capture", capture])
}

function write(loss: Pick<LossRecord, "reason" | "sinceMs" | "wallMs"> & Partial<LossRecord>): void {
  const record: LossRecord = { format: FORMAT, kind: "loss", monoMs: 0, node: "node-1", ...NOTHING_LOST, ...loss }
  appendFileSync(join(capture, segmentName(record.wallMs)), encode(record, checksum))
}
