import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { HEALTHY } from "../doctor/healthy.ts"
import { plant } from "../install/plant.ts"
import { cnitap, PROGRAM, run } from "./cnitap.ts"

const root = join(import.meta.dirname, "../..")
const example = join(root, "examples/failed-pod.cnitap")
/** What `engines` promises beyond the version that runs the tests; scripts/fetch/fetch-node.sh has fetched them. */
const MAJORS = ["22", "24"]

for (const major of MAJORS) {
  const node = join(root, "build/node", major, "node")

  test(`Node.js ${major} runs the built program with the same results`, async (t) => {
    const { stdout: version } = await run(node, ["--version"])
    assert.equal(version.trim(), `v${readFileSync(join(root, "build/node", major, "version"), "utf8").trim()}`)
    const verbs = [
      ["--version"],
      ["ls", "--from", example, "-o", "json"],
      ["show", "call/9851bca4b4056e2e", "--from", example],
      ["explain", "shop/web-2", "--from", example],
      ["lint", "--from", example, "-o", "json"],
      ["export", "otlp-json", "--from", example],
      ["plan", "--root", plant(t, HEALTHY)],
    ]
    for (const args of verbs) {
      const expected = await cnitap(args)
      assert.notEqual(expected.stdout, "", args.join(" "))
      assert.deepEqual(await run(node, [PROGRAM, ...args]), expected, args.join(" "))
    }
  })

  test(`Node.js ${major} serves the page`, async (t) => {
    const child = spawn(node, [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--from", example])
    t.after(() => child.kill("SIGKILL"))
    const ended = new Promise((resolve) => child.once("exit", resolve))
    const [url = ""] = await new Promise<string[]>((resolve) =>
      child.stdout.once("data", (data) => resolve(String(data).split("\n"))),
    )
    const { origin, hash } = new URL(url)
    const headers = { Authorization: `Bearer ${hash.replace("#token=", "")}` }
    assert.equal((await fetch(origin, { headers })).status, 200)
    child.kill("SIGINT")
    assert.equal(await ended, 0)
  })
}
