import assert from "node:assert/strict"
import { test } from "node:test"
import type { ProgressRecord } from "../../src/capture/record.ts"
import { outputOf, Stand } from "./stand.ts"

const reports = (stand: Stand): ProgressRecord[] => stand.records().filter((record) => record.kind === "progress")
const text = (payload: ProgressRecord["stdout"] | undefined) => payload && "text" in payload && payload.text

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 3000, "it never came")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

test("what a hung plugin wrote is recorded, redacted, and stays when the runtime kills the relay", async (t) => {
  const stand = Stand.with(t, ["drain", 'out {"cniVersion":', "err dialing the API, token=hunter2hunter2\n", "hang"])
  const child = stand.start("plugin", { command: "ADD" })
  const ended = outputOf(child)
  child.stdin?.end("{}")
  await until(() => reports(stand).length === 1)
  child.kill("SIGKILL")
  const seen = await ended
  // The runtime has had every byte before it was recorded.
  assert.deepEqual(seen, {
    stdout: '{"cniVersion":',
    stderr: "dialing the API, token=hunter2hunter2\n",
    code: null,
    signal: "SIGKILL",
  })
  const [begin, progress] = stand.records()
  assert.deepEqual(stand.kinds(), ["begin", "progress"])
  assert.ok(progress?.kind === "progress" && begin)
  assert.equal(progress.id, begin.id)
  assert.deepEqual(
    [progress.stdout, progress.stderr],
    [
      { sizeBytes: 14, text: '{"cniVersion":' },
      { sizeBytes: 38, redacted: ["text"], text: "dialing the API, token=[redacted]\n" },
    ],
  )
  assert.ok(progress.monoMs - begin.monoMs >= 1000)
})

test("a call of less than a second has no progress record, and one that writes nothing has none either", async (t) => {
  const quick = Stand.with(t, ["drain", "err starting\n", "sleep 300", "out {}"])
  assert.equal((await quick.run("plugin", { command: "ADD", stdin: "{}" })).stdout, "{}")
  assert.deepEqual(quick.kinds(), ["begin", "end"])
  const silent = Stand.with(t, ["drain", "sleep 1500", "out {}"])
  assert.equal((await silent.run("plugin", { command: "ADD", stdin: "{}" })).stdout, "{}")
  assert.deepEqual(silent.kinds(), ["begin", "end"])
})

test("a record when something new came, with pauses that double; the end record has everything", async (t) => {
  const lines = Array.from({ length: 45 }, (_, at) => [`err line ${at}\n`, "sleep 100"]).flat()
  const stand = Stand.with(t, ["drain", ...lines.slice(0, 60), "out {}"])
  const { stderr } = await stand.run("plugin", { command: "ADD", stdin: "{}" })
  assert.deepEqual(stand.kinds(), ["begin", "progress", "progress", "end"])
  const [first, second] = reports(stand)
  const [one, two] = [text(first?.stderr) || "", text(second?.stderr) || ""]
  assert.ok(one !== "" && two.startsWith(one) && two.length > one.length && stderr.startsWith(two))
  assert.equal(text(stand.ends()[0]?.stderr), stderr)
  // The recorder may note the time a little late, so that the difference of two records says less.
  const startedMs = stand.begins()[0]?.monoMs ?? 0
  assert.ok((first?.monoMs ?? 0) - startedMs >= 1000 && (second?.monoMs ?? 0) - startedMs >= 2000)
})

test("the first 64 KiB of each stream, and the whole size", async (t) => {
  const stand = Stand.with(t, ["drain", "stderr 200000", "sleep 1300", "out {}"])
  await stand.run("plugin", { command: "ADD", stdin: "{}" })
  const [progress] = reports(stand)
  assert.equal(progress?.stderr.sizeBytes, 200_000)
  assert.equal(progress?.stderr.truncated, true)
  assert.equal(String(text(progress?.stderr)).length, 65_536)
})

test("with onlyFailures nothing is written before the call has ended", async (t) => {
  const stand = Stand.with(t, ["drain", "err slow\n", "sleep 1300", "out {}", "exit 1"])
  stand.configure({ onlyFailures: true })
  await stand.run("plugin", { command: "ADD", stdin: "{}" })
  assert.deepEqual(stand.kinds(), ["begin", "end"])
})

test("a capture that cannot be written does not change a long call", async (t) => {
  const stand = Stand.with(t, ["drain", "err slow\n", "sleep 1300", "out {}", "exit 3"])
  stand.configure({ capture: "/proc/nowhere" })
  assert.deepEqual(await stand.run("plugin", { command: "ADD", stdin: "{}" }), {
    stdout: "{}",
    stderr: "slow\n",
    code: 3,
    signal: null,
    files: {},
  })
})

test("several reports of large outputs with secrets leave memory for the end record", async (t) => {
  // The engine's memory is not collected: reports must not use up what the end record needs.
  const stand = Stand.with(t, [
    "drain",
    "stderr 70000",
    "err token=hunter2hunter2\n",
    "sleep 1200",
    "stderr 70000",
    "sleep 1200",
    "err x\n",
    "sleep 2000",
    "out {}",
  ])
  await stand.run("plugin", { command: "ADD", stdin: "{}" })
  assert.deepEqual(stand.kinds(), ["begin", "progress", "progress", "progress", "end"])
})
