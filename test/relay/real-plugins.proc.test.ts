import assert from "node:assert/strict"
import { copyFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { fetched } from "../node/runtime.ts"
import { ALWAYS_WORK, everyList, firstAdd, LISTS } from "./real-calls.ts"
import { Stand } from "./stand.ts"

const stand = new Stand()
after(() => stand.remove())

const SETS: [string, string, string[]][] = [
  ["Debian 12's plugins", "/usr/lib/cni", ["1.0.0"]],
  ["the newest plugins", fetched("newest-plugins", "usr/lib/cni"), ["1.0.0", "1.1.0"]],
]
for (const [set, directory, cniVersions] of SETS) {
  for (const cniVersion of cniVersions) {
    test(`${set} at ${cniVersion}: every answer is the same with and without the relay, GC and STATUS too`, async () => {
      const plugins = readdirSync(directory)
      for (const name of plugins) copyFileSync(join(directory, name), join(stand.bin, name))
      const lists = Object.entries(LISTS).filter(([, list]) => list.every(({ type }) => plugins.includes(type)))
      const bare = await everyList(stand, lists, cniVersion)
      assert.deepEqual(
        ALWAYS_WORK.map((name) => firstAdd(bare[name])),
        ["loopback", "bridge portmap firewall tuning bandwidth", "ptp sbr"],
      )
      for (const name of plugins) stand.wrap(name)
      stand.configure()
      assert.deepEqual(await everyList(stand, lists, cniVersion), bare, "recorded")
      const recorded = stand.begins().filter(({ depth }) => depth === 0)
      assert.equal(recorded.length, Object.values(bare).flat().length, "every call of a list is recorded")
      stand.write("")
      assert.deepEqual(await everyList(stand, lists, cniVersion), bare, "not recorded")
      stand.forget()
    })
  }
}
