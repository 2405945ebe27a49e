import assert from "node:assert/strict"
import { test } from "node:test"
import { kindOfPlugin } from "../../src/cni/plugin-kind.ts"

test("what a plugin does, by its name", () => {
  assert.deepEqual(["bridge", "portmap", "host-local", "cni_pre", "homemade", "toString"].map(kindOfPlugin), [
    "main",
    "meta",
    "ipam",
    "probe",
    undefined,
    undefined,
  ])
})
