import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { gunzipSync } from "node:zlib"
import { Stand } from "../relay/stand.ts"
import { cnitap } from "../store/cnitap.ts"

const CONFIG =
  '{ "cniVersion": "1.0.0",\t"name": "pods", "type": "bridge",\n "note": "it\'s $HOME `id` \\u0000 \\\\ é" }\n'
let stand: Stand
let ids: string[]

before(async () => {
  stand = new Stand()
  stand.configure()
  for (const name of ["bridge", "portmap"]) {
    stand.add(name, ["echo"])
    stand.wrap(name)
  }
  await stand.run("bridge", { command: "ADD", stdin: CONFIG })
  await stand.run("portmap", { command: "ADD", stdin: Buffer.from([0xff, 0x00, 0x27, 0x0a]) })
  ids = cnitap("export", "jsonl", "--capture", stand.capture)
    .stdout.trim()
    .split("\n")
    .map((line) => JSON.parse(line).id)
})
after(() => stand.remove())

test("a repro script gives a plugin the very bytes again, in its environment", async () => {
  for (const [plugin, bytes] of [
    ["bridge", Buffer.from(CONFIG)],
    ["portmap", Buffer.from([0xff, 0x00, 0x27, 0x0a])],
  ] as const) {
    const [id] = ids.filter((_, at) => stand.begins()[at]?.plugin === plugin)
    const script = cnitap("export", "repro", `call/${id}`, "--capture", stand.capture)
    assert.equal(script.status, 0, script.stderr)
    const before = stand.records().length
    // Through the relay once more, which records what the plugin was given.
    const run = spawnSync("sh", ["-c", script.stdout], { env: { PATH: process.env.PATH } })
    assert.deepEqual([run.status, run.stdout, String(run.stderr)], [0, bytes, ""])
    const [begin] = stand.records().slice(before)
    assert.ok(begin?.kind === "begin")
    const first = stand.begins().find((one) => one.id === id)
    assert.deepEqual([begin.plugin, begin.env], [first?.plugin, first?.env])
  }
})

test("a repro script runs elsewhere by its variables, stops where a plugin fails, and says what was redacted", async () => {
  const other = new Stand()
  try {
    other.configure()
    other.add("bridge", ["echo"])
    other.wrap("bridge")
    await other.run("bridge", { command: "ADD", stdin: '{"name":"pods","token":"hunter2hunter2"}' })
    const script = cnitap("export", "repro", "plugin=bridge", "--capture", other.capture)
    const elsewhere = new Stand()
    elsewhere.add("bridge", ["stderr 3", "exit 7"])
    const run = spawnSync("sh", ["-c", script.stdout], {
      env: { PATH: process.env.PATH, CNI_PATH: elsewhere.bin },
      encoding: "utf8",
    })
    elsewhere.remove()
    assert.equal(run.status, 7)
    assert.match(run.stderr, /^1\. bridge: secrets were redacted in its stdin, put them back: \/token\n/)
    assert.match(run.stderr, /1\. bridge exited with 7\n$/)
  } finally {
    other.remove()
  }
})

test("every verb that reads answers from a bundle as from the capture", () => {
  const bundle = join(stand.root, "report.bundle")
  assert.equal(cnitap("export", "bundle", "--capture", stand.capture, "--out", bundle).status, 0)
  const lines = gunzipSync(readFileSync(bundle)).toString("utf8").split("\n")
  const { createdMs, ...manifest } = JSON.parse(lines[0] ?? "")
  assert.equal(typeof createdMs, "number")
  assert.deepEqual(manifest, { format: 1, kind: "bundle", version: "0.1.0", source: stand.capture, filter: "" })
  for (const verb of [
    ["ls", "-o", "json"],
    ["show", ids[0] ?? "", "-o", "json"],
    ["tail", "-o", "name"],
    ["lint"],
    ["stats"],
    ["ledger", "-o", "json"],
  ]) {
    const [live, bundled] = [cnitap(...verb, "--capture", stand.capture), cnitap(...verb, "--from", bundle)]
    assert.deepEqual(bundled, live, verb.join(" "))
  }
})

test("an export goes into a new file of its owner's alone, never over another one and through no link", () => {
  const path = join(stand.root, "out.jsonl")
  assert.deepEqual(cnitap("export", "jsonl", "--capture", stand.capture, "--out", path), {
    status: 0,
    stdout: "",
    stderr: "",
  })
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const before = readFileSync(path, "utf8")
  const again = cnitap("export", "jsonl", "--capture", stand.capture, "--out", path)
  assert.deepEqual(again, {
    status: 5,
    stdout: "",
    stderr: `cnitap: ${path} is there already. Remove it, or name another file.\n`,
  })
  assert.equal(readFileSync(path, "utf8"), before)
  const link = join(stand.root, "link")
  symlinkSync(join(stand.root, "target"), link)
  assert.equal(cnitap("export", "article", "--capture", stand.capture, "--out", link).status, 5)
  assert.ok(!readdirSync(stand.root).includes("target"))
})

test("one file of HTML, and what is no export", () => {
  const html = cnitap("export", "html", "--capture", stand.capture)
  assert.match(html.stdout, /^<!doctype html>/i)
  assert.ok(html.stdout.includes(ids[0] ?? "no id"))
  assert.deepEqual(cnitap("export", "chrometrace", "--capture", stand.capture), {
    status: 2,
    stdout: "",
    stderr: "cnitap: there is no format chrometrace. Did you mean chrome-trace?\n",
  })
  const several = cnitap("export", "repro", "--capture", stand.capture)
  assert.deepEqual(
    [several.status, several.stderr],
    [
      2,
      "cnitap: a script makes one operation's calls again, and several match. Name one by its id: cnitap export repro ID.\n",
    ],
  )
})

test("a bundle that is missing, cut off, newer or none is told by name", () => {
  const bundle = join(stand.root, "whole.bundle")
  cnitap("export", "bundle", "--capture", stand.capture, "--out", bundle)
  const cut = join(stand.root, "cut.bundle")
  writeFileSync(cut, readFileSync(bundle).subarray(0, 300))
  assert.deepEqual(cnitap("ls", "--from", cut), {
    status: 3,
    stdout: "",
    stderr: `cnitap: ${cut} is no whole bundle: unexpected end of file. Copy it again.\n`,
  })
  const missing = join(stand.root, "nowhere")
  assert.deepEqual(cnitap("ls", "--from", missing), {
    status: 3,
    stdout: "",
    stderr: `cnitap: ${missing} does not exist. Name a bundle that \`cnitap export bundle\` wrote.\n`,
  })
  const text = join(stand.root, "notes.txt")
  writeFileSync(text, "hello\n")
  assert.deepEqual(cnitap("ls", "--from", text), {
    status: 3,
    stdout: "",
    stderr: `no operation found\ncnitap: ${text} holds no record (${text}:0). Name a capture directory with --capture.\n`,
  })
  rmSync(bundle)
})
