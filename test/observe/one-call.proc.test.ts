import assert from "node:assert/strict"
import { after, test } from "node:test"
import type { CaptureRecord } from "../../src/capture/record.ts"
import { Stand } from "../relay/stand.ts"
import { ObservedStand } from "./observed-stand.ts"

const relayed = new Stand()
const observed = new ObservedStand()

after(() => {
  relayed.remove()
  observed.remove()
})

test("a call that was observed has the record of the relay", async () => {
  relayed.configure()
  const call = {
    command: "ADD",
    env: { SECRET: "1", CNI_ARGS: "IgnoreUnknown=1;TOKEN=abcdef" },
    argv: ["--token=abcdef", "x"],
    stdin: '{"cniVersion":"1.0.0","name":"pods","type":"bridge","token":"s3cr3t"}',
  }
  for (const stand of [relayed, observed]) stand.add("bridge", ["echo", "stderr 20", "exit 3"])
  relayed.wrap("bridge")
  await observed.observe()
  const seen = [await relayed.run("bridge", call), await observed.run("bridge", call)]
  const { stderr, status } = await observed.end()
  assert.deepEqual({ stderr: stderr.replace(/^.*\n/, ""), status }, { stderr: "", status: 0 })
  assert.deepEqual(seen[1], seen[0])
  assert.deepEqual(comparable(observed), comparable(relayed))
})

function comparable(stand: Stand): unknown {
  const facts = { records: stand.records().map(withoutTimes), stdins: stand.stdins() }
  return JSON.parse(JSON.stringify(facts).replaceAll(stand.root, ""))
}

/** What differs between any two calls; stdin is in either record, depending on how busy the machine is. */
const VARIABLE = [
  "stdin",
  "id",
  "wallMs",
  "monoMs",
  "pid",
  "recorderPid",
  "pluginPid",
  "as",
  "original",
  "durationMs",
  "spawnMs",
  "usage",
]

function withoutTimes(record: CaptureRecord): unknown {
  return Object.fromEntries(Object.entries(record).filter(([member]) => !VARIABLE.includes(member)))
}
