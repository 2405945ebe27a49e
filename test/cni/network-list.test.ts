import assert from "node:assert/strict"
import { test } from "node:test"
import { LIBCNI, type LibcniVersion } from "../../src/cni/libcni.ts"
import { compareVersions, extensionOf, parseNetworkList, parseSinglePlugin } from "../../src/cni/network-list.ts"
import { SPEC_VERSIONS } from "../../src/cni/version.ts"

// What libcni rejects is compared with containerd's own behaviour in test/install/plan/active-list.proc.test.ts.

const bridge = { type: "bridge" }

function list(more: object): string {
  return JSON.stringify({ name: "n", plugins: [bridge], ...more })
}

test("a list as libcni 1.3 reads it", () => {
  assert.deepEqual(parseNetworkList(list({ cniVersion: "1.0.0", disableCheck: "True", disableGC: true })), {
    name: "n",
    cniVersion: "1.0.0",
    disableCheck: true,
    disableGC: true,
    loadOnlyInlinedPlugins: false,
    plugins: [bridge],
  })
})

test("libcni 1.3 uses the highest supported entry of cniVersions and cniVersion; libcni 1.1 ignores cniVersions", () => {
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
  assert.equal(version({ cniVersions: ["newest"] }), 'cniVersions has "newest", which is not a version')
})

test("a new version of the specification does not change what existing releases of libcni negotiate", (t) => {
  const versions: string[] = SPEC_VERSIONS as readonly string[] as string[]
  versions.push("1.2.0")
  t.after(() => versions.pop())
  const text = list({ cniVersion: "1.0.0", cniVersions: ["1.1.0", "1.2.0"] })
  assert.deepEqual(
    (Object.keys(LIBCNI) as LibcniVersion[]).map((libcni) => [
      libcni,
      Object(parseNetworkList(text, libcni)).cniVersion,
    ]),
    [
      ["1.1", "1.0.0"],
      ["1.2", "1.1.0"],
      ["1.3", "1.1.0"],
    ],
  )
})

test("a list without plugins is valid since libcni 1.3, which reads a side directory", () => {
  const empty = list({ plugins: undefined })
  assert.deepEqual(parseNetworkList(empty, "1.1"), { error: "no plugins" })
  assert.deepEqual(Object(parseNetworkList(empty)).plugins, [])
  assert.deepEqual(parseNetworkList(list({ plugins: undefined, loadOnlyInlinedPlugins: true })), {
    error: "no plugins",
  })
})

test("a plugin's keys are matched as Go decodes them, and stay unchanged", () => {
  assert.deepEqual(Object(parseSinglePlugin('{"TYPE":"ptp","type":"bridge","Type":"vlan","a":1}')).plugins, [
    { TYPE: "ptp", type: "vlan", Type: "vlan", a: 1 },
  ])
})

test("a list in place of a single plugin is reported as such", () => {
  assert.deepEqual(parseSinglePlugin(list({})), { error: "no type; it looks like a .conflist" })
})

test("extensions and versions", () => {
  assert.deepEqual(["a.conflist", ".conf", "a.b.json", "none"].map(extensionOf), [".conflist", ".conf", ".json", ""])
  assert.deepEqual(
    [compareVersions("0.3.1", "0.3.0") > 0, compareVersions("1", "1.0.0"), compareVersions("0.10.0", "0.9.0") > 0],
    [true, 0, true],
  )
})
