import assert from "node:assert/strict"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { compiledRust, RUST_PROGRAMS } from "../doubles/rust.ts"
import { type PluginCall, Stand, WITH_PIPES } from "../relay/stand.ts"
import { ObservedStand } from "./observed-stand.ts"
import { unseen } from "./transfers.ts"

const relayed = new Stand()
const observed = new ObservedStand()
after(() => {
  relayed.remove()
  observed.remove()
})

const STDIN = "one\ntwo\nthree\n"
const CALLS: Readonly<Record<string, PluginCall>> = {
  rg: { argv: ["--no-config", "-n", "t"] },
  netavark: { argv: ["setup", "/proc/self/ns/net"], stdin: '{"token":"s3cr3t",' },
  cat: {},
  text: {},
  lines: {},
  parent: {},
  panics: {},
  copies: {},
}

test("what is observed of plugins in Rust is what the relay records; what they let the kernel move is marked", async () => {
  const double = compiledRust(join(import.meta.dirname, "../doubles/rust-plugin.rs"))
  const programs = new Map<string, string>(Object.entries(RUST_PROGRAMS))
  relayed.configure()
  for (const name of Object.keys(CALLS)) {
    for (const { bin } of [relayed, observed]) copyFileSync(programs.get(name) ?? double, join(bin, name))
    relayed.wrap(name)
  }
  await observed.observe()
  for (const [name, { argv = [], stdin = STDIN }] of Object.entries(CALLS)) {
    const call = { command: "ADD", within: WITH_PIPES, argv, stdin }
    assert.deepEqual(await observed.run(name, call), await relayed.run(name, call), name)
  }
  const { stderr } = await observed.end()
  assert.equal(stderr.split("\n")[1], "")
  const [expected, found] = [recorded(relayed), recorded(observed)]
  for (const [name, before] of [
    ["cat", ""],
    ["copies", "before "],
  ] as const) {
    const { stdin, stdout, ...rest } = expected.get(name) ?? assert.fail(name)
    assert.ok(stdin && stdout)
    expected.set(name, { ...rest, stdin: unseen("", stdin.sizeBytes), stdout: unseen(before, stdout.sizeBytes) })
  }
  assert.deepEqual([...found.keys()], Object.keys(CALLS))
  for (const [name, call] of found) assert.deepEqual(call, expected.get(name), name)
})

function recorded(stand: Stand) {
  const ends = new Map(stand.ends().map((end) => [end.id, end]))
  return new Map(
    stand.begins().map(({ id, plugin, argv, stdin = ends.get(id)?.stdin }) => {
      const { stdout, stderr, exit } = ends.get(id) ?? {}
      return [plugin, { argv: argv.slice(1), stdin, stdout, stderr, exit }]
    }),
  )
}
