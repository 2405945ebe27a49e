import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { repeatFlags } from "../../../src/cli/render/command-text.ts"
import { cnitap } from "../cnitap.ts"
import { writeCalls } from "../written-capture.ts"

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
    ["run `cnitap lint DIRECTORY`", "run `cnitap lint DIRECTORY`"],
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

test("commands and remedies in rows of ledger, who-owns and lint name the capture that was read", async (t) => {
  const capture = mkdtempSync(join(tmpdir(), "cnitap-"))
  t.after(() => rmSync(capture, { recursive: true }))
  const wallMs = Date.now() - 60_000
  writeCalls(capture, [
    { id: "a".repeat(16), pod: "web", wallMs },
    { id: "b".repeat(16), pod: "other", wallMs: wallMs + 20 },
    { id: "d".repeat(16), pod: "web", command: "DEL", error: "busy", wallMs: wallMs + 100 },
  ])
  const items = async (...words: string[]) =>
    JSON.parse((await cnitap([...words, "--capture", capture, "-o", "json"])).stdout).items
  const release = `cnitap export --capture ${capture} repro ${"d".repeat(16)} | sh`
  const isReleased = (row: { release?: string }) => row.release !== undefined
  assert.deepEqual((await items("ledger")).filter(isReleased)[0].release, release)
  assert.deepEqual((await items("who-owns", "10.1.0.9")).filter(isReleased)[0].release, release)
  const [finding] = (await items("lint")).filter(({ rule }: { rule: string }) => rule === "ip-of-two-attachments")
  assert.equal(
    finding.remedy,
    `Run \`cnitap who-owns --capture ${capture}\` for the address and compare the IPAM store with the running pods.`,
  )
})
