import assert from "node:assert/strict"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { runChecks } from "../../src/doctor/run-checks.ts"
import { Random } from "../capture/random.ts"
import { PLATFORM_TREES } from "../install/detect/platform-trees.ts"
import { detectFiles } from "../install/no-programs.ts"
import { plant, type Tree } from "../install/plant.ts"
import { PlantedFiles } from "../install/planted-files.ts"

const ROUNDS = 150

test("random file contents never make detection or the checks fail", async (t) => {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  const random = new Random(seed)
  for (let round = 0; round < ROUNDS; round++) {
    const [name, tree] = random.pick(Object.entries<Tree>(PLATFORM_TREES))
    const changed = Object.fromEntries(
      Object.entries(tree).map(([path, content]) => [
        path,
        typeof content === "string" && !content.startsWith("-> ") && random.below(3) === 0
          ? corrupt(random, content)
          : content,
      ]),
    )
    const root = plant(t, changed)
    try {
      const facts = detectFiles(root)
      assert.equal(facts.root, root)
      for (const { severity, rule, detail, remedy, evidence } of await runChecks(facts, {
        files: new PlantedFiles(root),
        mayExecute: false,
        nowMs: 0,
      })) {
        assert.deepEqual(
          [["error", "warning", "note"].includes(severity), /^[a-z-]+$/.test(rule), detail !== "", remedy !== ""],
          [true, true, true, true],
        )
        assert.ok(evidence.length > 0, rule)
      }
    } catch (cause) {
      throw new Error(`round ${round}, ${name}, seed ${seed}`, { cause })
    } finally {
      rmSync(root, { recursive: true })
    }
  }
})

/** Truncates the text, inserts random text, or replaces a value with one of another type. */
function corrupt(random: Random, text: string): string {
  const at = random.below(text.length + 1)
  const how = random.below(5)
  if (how === 0) return text.slice(0, at)
  if (how === 1) return text.slice(0, at) + random.text(20) + text.slice(at)
  if (how === 2) return text.replace(/"[^"]*"/, random.pick(["5", "null", "[]", "{}", "true", '"\\u0000"']))
  if (how === 3) return text.replace(/[[{]/, random.pick(["[", "{", "[[", "0"]))
  return random.text(200)
}

test("symlink loops, directories instead of files, and a file instead of a directory", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "cnitap-odd-"))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  symlinkSync("etc", join(root, "etc"))
  writeFileSync(join(root, "opt"), "")
  writeFileSync(join(root, "proc"), "")
  const found = await runChecks(detectFiles(root), { files: new PlantedFiles(root), mayExecute: false, nowMs: 0 })
  assert.deepEqual(
    found.map(({ rule }) => rule),
    ["conf-dir-missing", "bin-dir-missing", "runtime-missing"],
  )
  const odd = plant(t, {
    "/etc/containerd/config.toml": "directory",
    "/etc/cni/net.d/10-a.conflist/x": "",
    "/etc/cni/net.d/20-b.conf": "-> 20-b.conf",
    "/var/lib/cni/results/x/y": "",
    "/var/lib/cni/networks/file": "",
  })
  const rules = (await runChecks(detectFiles(odd), { files: new PlantedFiles(odd), mayExecute: false, nowMs: 0 })).map(
    ({ rule }) => rule,
  )
  assert.deepEqual(rules, ["network-broken", "bin-dir-missing", "runtime-missing"])
})
