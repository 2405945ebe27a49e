import assert from "node:assert/strict"
import { test } from "node:test"
import { compareVersions, extensionOf, parseNetworkList, parseSinglePlugin } from "../../src/cni/network-list.ts"

// What libcni refuses is compared with containerd's own answer in test/install/active-list.proc.test.ts.

const bridge = { type: "bridge" }

function list(more: object): string {
  return JSON.stringify({ name: "n", plugins: [bridge], ...more })
}

test("a list as libcni 1.3 has it", () => {
  assert.deepEqual(parseNetworkList(list({ cniVersion: "1.0.0", disableCheck: "True", disableGC: true })), {
    name: "n",
    cniVersion: "1.0.0",
    disableCheck: true,
    disableGC: true,
    loadOnlyInlinedPlugins: false,
    plugins: [bridge],
  })
})

test("of cniVersions the highest that is released counts, cniVersion among them; libcni 1.1 does not know the key", () => {
  const version = (more: object, libcni: "1.1" | "1.3" = "1.3") => {
    const read = parseNetworkList(list(more), libcni)
    return "error" in read ? read.error : read.cniVersion
  }
  const both = { cniVersion: "0.4.0", cniVersions: ["0.3.1", "1.0.0", "1.1.0", "2.0.0"] }
  assert.equal(version(both), "1.1.0")
  assert.equal(version(both, "1.1"), "0.4.0")
  assert.equal(version({ cniVersion: "1.0.0", cniVersions: ["0.4.0"] }), "1.0.0")
  assert.equal(version({ cniVersions: ["0.4.0"] }), "0.4.0")
  assert.equal(version({}), undefined)
  assert.equal(version({ cniVersions: ["newest"] }), 'cniVersions has "newest", which is no version')
})

test("without plugins a list is whole since 1.3, which looks for them beside it", () => {
  const empty = list({ plugins: undefined })
  assert.deepEqual(parseNetworkList(empty, "1.1"), { error: "no plugins" })
  assert.deepEqual(Object(parseNetworkList(empty)).plugins, [])
  assert.deepEqual(parseNetworkList(list({ plugins: undefined, loadOnlyInlinedPlugins: true })), {
    error: "no plugins",
  })
})

test("a plugin's own keys are read as Go decodes them, and stay as they are", () => {
  assert.deepEqual(Object(parseSinglePlugin('{"TYPE":"ptp","type":"bridge","Type":"vlan","a":1}')).plugins, [
    { TYPE: "ptp", type: "vlan", Type: "vlan", a: 1 },
  ])
})

test("a list where a single plugin belongs says so", () => {
  assert.deepEqual(parseSinglePlugin(list({})), { error: "no type; it looks like a .conflist" })
})

test("extensions and versions", () => {
  assert.deepEqual(["a.conflist", ".conf", "a.b.json", "none"].map(extensionOf), [".conflist", ".conf", ".json", ""])
  assert.deepEqual(
    [compareVersions("0.3.1", "0.3.0") > 0, compareVersions("1", "1.0.0"), compareVersions("0.10.0", "0.9.0") > 0],
    [true, 0, true],
  )
})
