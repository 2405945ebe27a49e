import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { cnitap } from "./cnitap.ts"
import { writeCalls } from "./written-capture.ts"

const START_MS = Date.UTC(2026, 2, 1, 6)

let root: string
let n1: string
let n2: string
/** a bundle of the second node */
let bundle: string

before(async () => {
  root = mkdtempSync(join(tmpdir(), "cnitap-several-"))
  n1 = join(root, "n1")
  n2 = join(root, "n2")
  bundle = join(root, "n2.cnitap")
  // The segments of both have the same name.
  writeCalls(n1, [
    { id: "a".repeat(16), node: "n1", pod: "web-1", wallMs: START_MS },
    { id: "c".repeat(16), node: "n1", pod: "web-3", wallMs: START_MS + 2000 },
  ])
  writeCalls(n2, [
    { id: "b".repeat(16), node: "n2", pod: "web-2", wallMs: START_MS + 1000, error: "no addresses left" },
  ])
  assert.equal((await cnitap(["export", "bundle", "--capture", n2, "--out", bundle])).code, 0)
})
after(() => rmSync(root, { recursive: true, force: true }))

async function linesOf(...args: string[]): Promise<string[]> {
  const { stdout, stderr } = await cnitap(args)
  assert.equal(stderr, "")
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.replaceAll(/ {2,}/g, "  ").trim())
}

test("several captures and bundles are merged in the order of time, with a column for the node", async () => {
  for (const both of [
    ["--capture", n1, "--capture", n2],
    ["--capture", n1, "--from", bundle],
    ["--from", bundle, "--capture", n1],
  ]) {
    const listed = await linesOf("ls", "-o", "jsonpath={range .items[*]}{.id} {.node}{'\\n'}{end}", ...both)
    assert.deepEqual(
      listed.map((line) => line.replace(/(.)\1+/, "$1")),
      ["a n1", "b n2", "c n1"],
    )
    const [heading = "", ...rows] = await linesOf("ls", ...both)
    assert.equal(heading, "ID  AGE  NODE  COMMAND  POD  DURATION  OUTCOME  PLUGINS")
    assert.deepEqual(
      rows.map((row) => row.split("  ").toSpliced(1, 1).join("  ")),
      [
        "aaaaaaaaaaaaaaaa  n1  ADD  shop/web-1  10.0ms  ok  bridge 10.0ms",
        "bbbbbbbbbbbbbbbb  n2  ADD  shop/web-2  10.0ms  failed  bridge! 10.0ms",
        "cccccccccccccccc  n1  ADD  shop/web-3  10.0ms  ok  bridge 10.0ms",
      ],
    )
    assert.deepEqual(
      (await linesOf("tail", ...both)).map((line) => line.split("  ").slice(1, 4).join(" ")),
      ["NODE COMMAND POD", "n1 ADD shop/web-1", "n2 ADD shop/web-2", "n1 ADD shop/web-3"],
    )
    assert.match((await linesOf("stats", ...both)).join("\n"), /^3 calls.*1 failed/)
    assert.match((await linesOf("explain", "web-2", ...both)).join("\n"), /no addresses left/)
    assert.match((await linesOf("show", "bbbb", ...both)).join("\n"), /node +n2/)
  }
})

test("next steps name the captures again", async () => {
  const { stderr, code } = await cnitap(["show", "dddd", "--capture", n1, "--from", bundle])
  assert.deepEqual(
    [stderr, code],
    [
      `cnitap: no pod, operation or container dddd in ${n1}, ${bundle}. List operations with \`cnitap ls --capture ${n1} --from ${bundle}\`.\n`,
      6,
    ],
  )
})

test("a path below --root is the node's, for every verb that reads and for $CNITAP_CAPTURE", async () => {
  for (const verb of [
    "ls",
    "tail",
    "stats",
    "ps",
    "lint",
    "ledger",
    "show aaaa",
    "explain web-1",
    "diff web-1",
    "export jsonl",
  ])
    for (const [flags, env] of [
      [["--root", root, "--capture", "/n1"], {}],
      [["--root", root], { CNITAP_CAPTURE: "/n1" }],
    ] as const) {
      const { stderr, code } = await cnitap([...verb.split(" "), ...flags], { env })
      assert.deepEqual(
        { verb, missing: /does not exist/.test(stderr), ok: code === 0 || code === 1 },
        { verb, missing: false, ok: true },
      )
    }
  const { stderr } = await cnitap(["ls", "--root", root, "--capture", "/n9"])
  assert.equal(
    stderr,
    `cnitap: ${root}/n9 does not exist. Install the relay with \`cnitap install --root ${root}\`, or pass another directory with --capture.\n`,
  )
})
