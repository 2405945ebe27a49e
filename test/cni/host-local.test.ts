import assert from "node:assert/strict"
import { test } from "node:test"
import { hostLocalRangeSets } from "../../src/cni/host-local.ts"

test("the range of the older form comes first, then the sets; each range has its path", () => {
  const [a, b, c] = [{ subnet: "10.1.0.0/24" }, { subnet: "10.2.0.0/24" }, { subnet: "fd00::/64" }]
  const ipam = { type: "host-local", ...a, ranges: [[b, "text"], [c], "text"] }
  assert.deepEqual(hostLocalRangeSets(ipam), [
    [{ range: ipam, at: [] }],
    [{ range: b, at: ["ranges", 0, 0] }],
    [{ range: c, at: ["ranges", 1, 0] }],
    [],
  ])
})

test("another IPAM plugin, or a section that is not an object, has no ranges", () => {
  assert.deepEqual([{ type: "static", ranges: [[{}]] }, null, "host-local"].map(hostLocalRangeSets), [[], [], []])
})
