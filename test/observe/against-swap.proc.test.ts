import assert from "node:assert/strict"
import { copyFileSync, mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { Begin, CaptureRecord, End } from "../../src/capture/record.ts"
import { everyList, LISTS } from "../relay/real-calls.ts"
import { ObservedStand } from "./observed-stand.ts"

const DIRECTORY = "/usr/lib/cni"

test("what is observed of real plugins behind the relay is what the relay records, call by call", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  for (const name of readdirSync(DIRECTORY)) {
    copyFileSync(join(DIRECTORY, name), join(stand.bin, name))
    stand.wrap(name)
  }
  const relayed = join(stand.root, "relayed")
  mkdirSync(relayed, { mode: 0o700 })
  stand.configure({ capture: relayed })
  await stand.observe()
  const lists = Object.entries(LISTS).filter(([, list]) =>
    list.every(({ type }) => readdirSync(DIRECTORY).includes(type)),
  )
  for (const cniVersion of ["1.0.0", "0.4.0"]) await everyList(stand, lists, cniVersion)
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  const observed = joined(stand.records())
  const swapped = joined(stand.records(relayed))
  assert.ok(swapped.size >= 500, `${swapped.size} calls`)
  assert.deepEqual([...observed.keys()].sort(), [...swapped.keys()].sort())
  for (const [key, call] of swapped) assert.deepEqual(observed.get(key), call, key)
})

/** Facts of each call that both must have, by its variable and its depth. */
function joined(records: readonly CaptureRecord[]): Map<string, unknown> {
  const ends = new Map(records.filter((it): it is End => it.kind === "end").map((end) => [end.id, end]))
  const begins = records.filter((it): it is Begin => it.kind === "begin")
  const depths = new Map(begins.map(({ id, depth, env }) => [id, `${env.TRACE_CALL} ${depth}`]))
  return new Map(
    begins.map(({ id, parent, plugin, path, argv, env, envNames, stdin, depth }) => {
      const end = ends.get(id)
      const streams = { stdin: stdin ?? end?.stdin, stdout: end?.stdout, stderr: end?.stderr, exit: end?.exit }
      const above = parent === undefined ? undefined : depths.get(parent)
      return [`${env.TRACE_CALL} ${depth} ${plugin}`, { above, path, argv, env, envNames: [...envNames], ...streams }]
    }),
  )
}
