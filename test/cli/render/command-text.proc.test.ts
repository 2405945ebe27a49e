import assert from "node:assert/strict"
import { test } from "node:test"
import { repeatFlags } from "../../../src/cli/render/command-text.ts"

test("a command line in a text gets the flags that it needs to mean the same node and capture", () => {
  const options = {
    root: "/host",
    capture: ["/var/lib/a b"],
    from: ["n1.cnitap"],
    binDir: ["/opt/cni/bin"],
    failed: true,
  }
  const cases: [string, string][] = [
    [
      "cnitap show 8bb88 (or cnitap ledger)",
      "cnitap show --root /host --capture '/var/lib/a b' --from n1.cnitap 8bb88 (or cnitap ledger --root /host --capture '/var/lib/a b' --from n1.cnitap)",
    ],
    ["Run `cnitap uninstall`.", "Run `cnitap uninstall --root /host --bin-dir /opt/cni/bin`."],
    ["cnitap help filter; cnitap lsof", "cnitap help filter; cnitap lsof"],
  ]
  for (const [text, expected] of cases) assert.equal(repeatFlags(text, options), expected)
})

test("flags that were not given are not repeated, nor are defaults", () => {
  assert.equal(repeatFlags("cnitap ls", { root: "/" }), "cnitap ls")
  assert.equal(repeatFlags("cnitap status", { root: "/", shimDir: "/opt/cnitap/bin" }), "cnitap status")
})

test("every verb is known", async () => {
  const { VERB_GROUPS } = await import("../../../src/cli/verbs.ts")
  const verbs = VERB_GROUPS.flatMap(({ verbs }) => verbs.map(({ name }) => name)).filter((name) => name !== "decode")
  for (const verb of verbs)
    assert.equal(repeatFlags(`cnitap ${verb}`, { root: "/host" }), `cnitap ${verb} --root /host`)
})
