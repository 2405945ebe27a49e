import assert from "node:assert/strict"
import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { Fault } from "../../../src/fault/fault.ts"
import { nodeDisk } from "../../../src/install/disk/disk.ts"
import { appendEntry, readJournal } from "../../../src/install/disk/journal.ts"
import { noPrograms } from "../no-programs.ts"

test("a journal that other users could have written is neither read nor written", (t) => {
  const root = mkdtempSync(join(tmpdir(), "cnitap-journal-"))
  t.after(() => rmSync(root, { recursive: true }))
  const disk = nodeDisk(root, noPrograms)
  const path = "/journal.jsonl"
  const read = () => readJournal(disk, path, "/bin")
  const isRefused = (error: unknown) => error instanceof Fault && error.code === "REFUSED"
  assert.equal(read(), undefined)
  appendEntry(disk, path, { kind: "done" })
  assert.deepEqual(read(), { installs: [], steps: [], isDone: true, isRetired: false })
  chmodSync(join(root, path), 0o620)
  assert.throws(read, isRefused)
  chmodSync(join(root, path), 0o600)
  renameSync(join(root, path), join(root, "elsewhere"))
  symlinkSync("elsewhere", join(root, path))
  assert.throws(read, isRefused)
  rmSync(join(root, path))
  symlinkSync("nowhere", join(root, path))
  assert.throws(read, isRefused)
  assert.throws(() => appendEntry(disk, path, { kind: "done" }), { code: "ELOOP" })
  rmSync(join(root, path))
  writeFileSync(join(root, path), "")
  assert.deepEqual(read(), { installs: [], steps: [], isDone: true, isRetired: false })
})
