import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { gunzipSync } from "node:zlib"
import { VERSION } from "../../src/cli/version.ts"
import type { EmbeddedCapture } from "../../src/export/html.ts"
import { cnitap } from "../cli/cnitap.ts"
import { Stand } from "../relay/stand.ts"

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
  ids = (await cnitap(["export", "jsonl", "--capture", stand.capture])).stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).id)
})
after(() => stand.remove())

test("a repro script passes the recorded bytes and environment to the plugin", async () => {
  for (const [plugin, bytes] of [
    ["bridge", Buffer.from(CONFIG)],
    ["portmap", Buffer.from([0xff, 0x00, 0x27, 0x0a])],
  ] as const) {
    const [id] = ids.filter((_, at) => stand.begins()[at]?.plugin === plugin)
    const script = await cnitap(["export", "repro", `call/${id}`, "--capture", stand.capture])
    assert.equal(script.code, 0, script.stderr)
    const before = stand.records().length
    // The script's plugin is behind the relay, so its stdin and environment are recorded again.
    const run = spawnSync("sh", ["-c", script.stdout], { env: { PATH: process.env.PATH } })
    assert.deepEqual([run.status, run.stdout, String(run.stderr)], [0, bytes, ""])
    const [begin] = stand.records().slice(before)
    assert.ok(begin?.kind === "begin")
    const first = stand.begins().find((one) => one.id === id)
    assert.deepEqual([begin.plugin, begin.env], [first?.plugin, first?.env])
  }
})

test("a repro script runs elsewhere with other variables, stops at a failing plugin, and reports redactions", async () => {
  const other = new Stand()
  try {
    other.configure()
    other.add("bridge", ["echo"])
    other.wrap("bridge")
    await other.run("bridge", { command: "ADD", stdin: '{"name":"pods","token":"hunter2hunter2"}' })
    const script = await cnitap(["export", "repro", "plugin=bridge", "--capture", other.capture])
    const elsewhere = new Stand()
    elsewhere.add("bridge", ["stderr 3", "exit 7"])
    const run = spawnSync("sh", ["-c", script.stdout], {
      env: { PATH: process.env.PATH, CNI_PATH: elsewhere.bin },
      encoding: "utf8",
    })
    elsewhere.remove()
    assert.equal(run.status, 7)
    assert.match(run.stderr, /^1\. bridge: secrets were redacted in its stdin; insert them again: \/token\n/)
    assert.match(run.stderr, /1\. bridge exited with 7\n$/)
  } finally {
    other.remove()
  }
})

test("every reading verb prints the same for a bundle as for the capture", async () => {
  const bundle = join(stand.root, "report.bundle")
  assert.equal((await cnitap(["export", "bundle", "--capture", stand.capture, "--out", bundle])).code, 0)
  const lines = gunzipSync(readFileSync(bundle)).toString("utf8").split("\n")
  const { createdMs, ...manifest } = JSON.parse(lines[0] ?? "")
  assert.equal(typeof createdMs, "number")
  assert.deepEqual(manifest, { format: 1, kind: "bundle", version: VERSION, source: stand.capture, filter: "" })
  for (const verb of [
    ["ls", "-o", "json"],
    ["show", ids[0] ?? "", "-o", "json"],
    ["tail", "-o", "name"],
    ["lint"],
    ["stats"],
    ["ledger", "-o", "json"],
  ]) {
    const [live, bundled] = [
      await cnitap([...verb, "--capture", stand.capture]),
      await cnitap([...verb, "--from", bundle]),
    ]
    // The one was read a moment after the other: column LAST.
    const settled = ({ stdout, ...rest }: typeof live) => ({ ...rest, stdout: stdout.replace(/\b\d+s\b/g, "N") })
    assert.deepEqual(settled(bundled), settled(live), verb.join(" "))
  }
})

test("--out creates a new file with mode 0600, never overwrites one and never follows a link", async () => {
  const path = join(stand.root, "out.jsonl")
  assert.deepEqual(await cnitap(["export", "jsonl", "--capture", stand.capture, "--out", path]), {
    code: 0,
    stdout: "",
    stderr: "",
  })
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const before = readFileSync(path, "utf8")
  const again = await cnitap(["export", "jsonl", "--capture", stand.capture, "--out", path])
  assert.deepEqual(again, {
    code: 5,
    stdout: "",
    stderr: `cnitap: ${path} already exists. Remove it, or choose another file.\n`,
  })
  assert.equal(readFileSync(path, "utf8"), before)
  const link = join(stand.root, "link")
  symlinkSync(join(stand.root, "target"), link)
  assert.equal((await cnitap(["export", "probe-log", "--capture", stand.capture, "--out", link])).code, 5)
  assert.ok(!readdirSync(stand.root).includes("target"))
})

test("export probe-log of a capture that the probes made is their log", async () => {
  const chain = new Stand()
  try {
    const logFile = join(chain.root, "cni.log")
    for (const name of ["cni_pre", "cni_post"] as const) chain.probe(name)
    chain.configure({ logFile })
    const result = '{"cniVersion":"1.0.0", "ips":[{"address":"10.1.2.3/24"}]}'
    for (const id of ["c1", "c2", "c3"]) {
      const env = { CNI_CONTAINERID: id }
      const input = `{"cniVersion":"1.0.0","name":"réseau","token":"hunter2hunter2","n":1.0}`
      const chained = `{"cniVersion":"1.0.0","name":"réseau","prevResult":${result}}`
      await chain.run("cni_pre", { command: "ADD", env, stdin: input })
      if (id !== "c2") await chain.run("cni_post", { command: "ADD", env, stdin: chained })
      await chain.run("cni_post", { command: "CHECK", env, stdin: chained })
      await chain.run("cni_post", { command: "DEL", env, stdin: chained })
      await chain.run("cni_pre", { command: "DEL", env, stdin: chained })
    }
    const { stdout } = await cnitap(["export", "probe-log", "--capture", chain.capture])
    assert.equal(stdout, readFileSync(logFile, "utf8"))
    assert.equal(stdout.split("\n").length, 9)
  } finally {
    chain.remove()
  }
})

test("export article is a hidden alias of probe-log", async () => {
  const log = await cnitap(["export", "probe-log", "--capture", stand.capture])
  assert.equal(log.code, 0)
  assert.match(log.stdout, /^CNI_COMMAND=ADD,CNI_CONTAINERID=/)
  assert.deepEqual(await cnitap(["export", "article", "--capture", stand.capture]), log)
  const { stdout: help } = await cnitap(["export", "--help"])
  const { stdout: completions } = await cnitap(["__complete", "cnitap export "])
  assert.deepEqual(
    [help, completions].map((text) => [/probe-log/.test(text), /article/.test(text)]),
    [
      [true, false],
      [true, false],
    ],
  )
})

test("export html writes one file; unknown formats and ambiguous repros are refused", async () => {
  const html = await cnitap(["export", "html", "--capture", stand.capture])
  assert.match(html.stdout, /^<!doctype html>/i)
  const data = /<script type="application\/json" id="capture">([^<]*)<\/script>/.exec(html.stdout)?.[1] ?? ""
  const { blocks } = JSON.parse(data) as EmbeddedCapture
  assert.ok(gunzipSync(Buffer.from(blocks[0]?.operations ?? "", "base64")).includes(ids[0] ?? "no id"))
  assert.deepEqual(await cnitap(["export", "chrometrace", "--capture", stand.capture]), {
    code: 2,
    stdout: "",
    stderr: "cnitap: unknown export format: chrometrace. Did you mean chrome-trace?\n",
  })
  const several = await cnitap(["export", "repro", "--capture", stand.capture])
  assert.deepEqual(
    [several.code, several.stderr],
    [
      2,
      `cnitap: a repro script repeats one operation, but several match. Select one by its ID: cnitap export --capture ${stand.capture} repro ID.\n`,
    ],
  )
})

test("a bundle that is missing, truncated or not a bundle is reported by name", async () => {
  const bundle = join(stand.root, "whole.bundle")
  await cnitap(["export", "bundle", "--capture", stand.capture, "--out", bundle])
  const cut = join(stand.root, "cut.bundle")
  const whole = readFileSync(bundle)
  writeFileSync(cut, whole.subarray(0, -100))
  const { stdout, stderr, code } = await cnitap(["ls", "-o", "name", "--from", cut])
  assert.deepEqual(
    [stdout.split("\n")[0], stderr.split("\n")[0], code],
    [
      `operation/${ids[0]}`,
      `cnitap: ${cut} is truncated (unexpected end of file): only its beginning was read. Copy it again.`,
      0,
    ],
  )
  for (const [sizeBytes, why] of [
    [10, "unexpected end of file"],
    [0, "the file is empty"],
  ] as const) {
    writeFileSync(cut, whole.subarray(0, sizeBytes))
    assert.deepEqual(await cnitap(["ls", "--from", cut]), {
      code: 3,
      stdout: "",
      stderr: `cnitap: no records in ${cut}: ${why}. Copy it again.\n`,
    })
  }
  const missing = join(stand.root, "nowhere")
  assert.deepEqual(await cnitap(["ls", "--from", missing]), {
    code: 3,
    stdout: "",
    stderr: `cnitap: ${missing} does not exist. Pass the path of a bundle written by \`export bundle\`.\n`,
  })
  const text = join(stand.root, "notes.txt")
  writeFileSync(text, "hello\n")
  assert.deepEqual(await cnitap(["ls", "--from", text]), {
    code: 3,
    stdout: "",
    stderr: `cnitap: ${text} is not a bundle: it contains no record. Pass the path of a file that \`export bundle\` wrote.\n`,
  })
  rmSync(bundle)
})
