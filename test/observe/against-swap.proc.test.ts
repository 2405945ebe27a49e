import assert from "node:assert/strict"
import { copyFileSync, mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { Begin, CaptureRecord, End, Payload } from "../../src/capture/record.ts"
import { everyList, LISTS } from "../relay/real-calls.ts"
import type { PluginCall, Seen } from "../relay/stand.ts"
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
  for (const cniVersion of ["1.0.0", "0.4.0"]) await everyList(stand, availableLists(), cniVersion)
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  const observed = joined(stand.records())
  const swapped = joined(stand.records(relayed))
  assert.ok(swapped.size >= 500, `${swapped.size} calls`)
  assert.deepEqual([...observed.keys()].sort(), [...swapped.keys()].sort())
  for (const [key, call] of swapped) assert.deepEqual(observed.get(key), call, key)
})

test("what is observed of real plugins is what their caller gives and gets, call by call", async (t) => {
  const stand = new SeenStand()
  t.after(() => stand.remove())
  for (const name of readdirSync(DIRECTORY)) copyFileSync(join(DIRECTORY, name), join(stand.bin, name))
  await stand.observe()
  for (const cniVersion of ["1.0.0", "0.4.0"]) await everyList(stand, availableLists(), cniVersion)
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  const ends = new Map(stand.ends().map((end) => [end.id, end]))
  const outer = stand.begins().filter(({ depth }) => depth === 0)
  assert.ok(stand.begins().length >= 500, `${stand.begins().length} calls`)
  assert.equal(outer.length, stand.seen.size)
  for (const { id, plugin, argv, env, stdin = ends.get(id)?.stdin } of outer) {
    const { stdout, stderr, exit } = ends.get(id) ?? {}
    const { call, ...seen } = stand.seen.get(String(env.TRACE_CALL)) ?? assert.fail(`unknown call ${env.TRACE_CALL}`)
    const streams = { stdout: textOf(stdout), stderr: textOf(stderr) }
    assert.deepEqual({ plugin, argv, command: env.CNI_COMMAND, exit, ...streams }, seen)
    // A plugin need not read all of its stdin, nor any of it.
    const read = textOf(stdin) ?? ""
    assert.equal(read, String(call.stdin).slice(0, stdin?.truncated || !stdin ? read.length : undefined))
  }
})

/** Knows what the caller of each plugin has given and got, by the variable of the call. */
class SeenStand extends ObservedStand {
  readonly seen = new Map<string, { call: PluginCall } & Record<string, unknown>>()

  override async run(plugin: string, call: PluginCall = {}): Promise<Seen> {
    const seen = await super.run(plugin, call)
    const { stdout, stderr, code } = seen
    const argv = [join(this.bin, plugin)]
    const { command } = call
    this.seen.set(String(call.env?.TRACE_CALL), { call, plugin, argv, command, exit: { code }, stdout, stderr })
    return seen
  }
}

function textOf(payload: Payload | undefined): string | undefined {
  return payload && "text" in payload ? payload.text : undefined
}

/** Of the plugins that this machine has. */
function availableLists() {
  const names = readdirSync(DIRECTORY)
  return Object.entries(LISTS).filter(([, list]) => list.every(({ type }) => names.includes(type)))
}

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
