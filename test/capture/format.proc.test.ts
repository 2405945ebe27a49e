import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { decode } from "../../src/capture/decode.ts"
import { encode } from "../../src/capture/encode.ts"
import { checksum, Stand } from "../relay/stand.ts"

const page = readFileSync(join(import.meta.dirname, "../../FORMAT.md"), "utf8")

function block(language: string): string {
  const found = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "m").exec(page)?.[1]
  assert.ok(found, `FORMAT.md has no ${language}`)
  return found
}

function read(directory: string): string {
  return execFileSync("python3", ["-c", block("python"), directory], { encoding: "utf8" })
}

test("FORMAT.md's records are valid, and its reader prints what the page says", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-"))
  t.after(() => rmSync(directory, { recursive: true }))
  const records = block("jsonl").trim().split("\n")
  assert.deepEqual(
    records.map((line) => decode(line, checksum).kind),
    ["record", "record"],
  )
  writeFileSync(join(directory, "calls-20261125T15.jsonl"), records.map((line) => `\n${line}\n`).join(""))
  assert.equal(read(directory), block("text"))
})

test("FORMAT.md's reader and its jq filter read what the relay and the probes write, and skip torn lines", async (t) => {
  const stand = standWithCalls(t)
  await stand.run("fails", { command: "ADD", stdin: "{}" })
  for (const path of stand.segments()) appendFileSync(join(stand.capture, path), '\n{"format":1,"kind":"end","id":"x')
  await stand.run("cni_pre", { command: "ADD", stdin: "{}" })
  assert.deepEqual(read(stand.capture).replace(/[\d.]+ ms/, "N ms"), "ADD fails {'code': 7} N ms\nADD cni_pre probe\n")
  const filter = block("sh").trim().replace("calls-", `${stand.capture}/calls-`)
  const failures = execFileSync("sh", ["-c", filter], { encoding: "utf8" })
  assert.deepEqual([JSON.parse(failures).exit, JSON.parse(failures).answer], [{ code: 7 }, '{"code":7}'])
})

test("FORMAT.md's reader: a call that was observed and has no end record has not ended", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-"))
  t.after(() => rmSync(directory, { recursive: true }))
  const { seal: _, ...begin } = JSON.parse(block("jsonl").split("\n")[0] ?? "")
  writeFileSync(join(directory, "calls-20261125T15.jsonl"), encode({ ...begin, as: "observer" }, checksum))
  assert.equal(read(directory), "ADD host-local has not ended\n")
})

test("FORMAT.md lists exactly the members that are written", async (t) => {
  const stand = standWithCalls(t)
  stand.add("nested", ["delegate"])
  stand.wrap("nested")
  stand.configure({ streamBytes: 20 })
  await stand.run("nested", { command: "ADD", env: { DOUBLE_DEPTH: "1" }, stdin: '{"token":"x"}' })
  await stand.run("fails", { command: "ADD", stdin: Buffer.alloc(30, 255) })
  stand.configure()
  // The search for secrets has a budget.
  await stand.run("fails", { command: "ADD", stdin: '{"token":"x"}\n'.repeat(4000) })
  stand.add("slow", ["drain", "err waiting", "hang"])
  stand.wrap("slow")
  const slow = stand.start("slow", { command: "ADD" })
  slow.stdin?.end("{}")
  while (!stand.records().some(({ kind }) => kind === "progress")) await new Promise((done) => setTimeout(done, 20))
  slow.kill("SIGKILL")
  const begins = membersOf(stand.begins())
  const ends = membersOf(stand.ends())
  const payloads = membersOf([...stand.stdins(), ...stand.ends().map(({ stdout }) => stdout)])
  // The end record has stdin only if the writer was slow.
  assert.deepEqual(documented("The begin record"), new Set([...begins, "stdin"]))
  assert.deepEqual(
    documented("The progress record"),
    membersOf(stand.records().filter(({ kind }) => kind === "progress")),
  )
  assert.deepEqual(documented("The end record"), new Set([...ends, "stdin"]))
  assert.deepEqual(documented("Payloads"), payloads)
})

function standWithCalls(t: { after(then: () => void): void }): Stand {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.add("fails", ["drain", 'out {"code":7}', "exit 7"])
  stand.wrap("fails")
  stand.probe("cni_pre")
  stand.configure()
  return stand
}

/** The names in the first column of the section's table. */
function documented(heading: string): Set<string> {
  const section = page.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? ""
  return new Set([...section.matchAll(/^\| `([a-zA-Z0-9]+)[.`]/gm)].map(([, name = ""]) => name))
}

function membersOf(records: readonly (object | undefined)[]): Set<string> {
  return new Set(records.flatMap((record) => Object.keys(record ?? {})))
}
