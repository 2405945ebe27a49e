import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { promisify } from "node:util"
import { build } from "esbuild"
import type { Order } from "./dying.ts"
import { Caller, Node } from "./node.ts"

/** Bundled once: the tests start it some two hundred times. It finds the relay as the sources do, two folders up. */
const folder = join(import.meta.dirname, `../../build/dying-${process.pid}`)
const program = join(folder, "dying.mjs")

before(async () => {
  await build({
    entryPoints: [join(import.meta.dirname, "dying.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
    logLevel: "error",
    // The other build of jsonc-parser loads its parts by computed names.
    mainFields: ["module", "main"],
  })
})
after(() => rmSync(folder, { recursive: true, force: true }))

test("swap: killed after any step of install; install finishes it, uninstall leaves no trace, no call fails", async () => {
  await everyDeath("install", ["install", "uninstall"])
})

test("swap: killed after any step of install; uninstall leaves no trace, no call fails", async () => {
  await everyDeath("install", ["uninstall"])
})

test("swap: killed after any step of uninstall; uninstall leaves no trace, no call fails", async () => {
  await everyDeath("uninstall", ["uninstall"])
})

test("swap: killed after any step of uninstall; install arms it again, uninstall leaves no trace, no call fails", async () => {
  await everyDeath("uninstall", ["install", "uninstall"])
})

const PLUGINS = ["bridge", "host-local", "portmap", "multi"]

/** Kills the verb after its first step, after its second, until it comes to its end; each time others recover. */
async function everyDeath(verb: Order["verb"], recovery: Order["verb"][]): Promise<void> {
  const node = new Node()
  node.plugin("bridge", undefined, {
    attributes: { "user.origin": "vendor", "security.selinux": "system_u:object_r:cni_exec_t:s0" },
  })
  node.plugin("host-local", undefined, { owner: 1000, mode: 0o750 })
  node.plugin("multi")
  node.link("portmap", "multi")
  const clean = node.tree()
  const caller = new Caller(PLUGINS.map((name) => join(node.bin, name)))
  let deaths = 0
  try {
    for (;;) {
      if (verb === "uninstall") assert.equal(await run(node, "install"), "ended")
      const armed = verb === "uninstall" ? armedPlugins(node) : PLUGINS
      assert.deepEqual(armed, PLUGINS)
      const end = await run(node, verb, deaths + 1)
      if (end === "ended") break
      deaths++
      for (const next of recovery) {
        assert.equal(await run(node, next), "ended", `${next} after death ${deaths}`)
        if (next === "install") assert.deepEqual(armedPlugins(node), PLUGINS, `armed after death ${deaths}`)
      }
      assert.deepEqual(node.tree(), clean, `the tree after death ${deaths}`)
    }
  } finally {
    await caller.stop()
    node.remove()
  }
  assert.deepEqual(caller.failures, [])
  assert.ok(caller.calls > deaths, `${caller.calls} calls during ${deaths} deaths`)
  assert.ok(deaths > 20, `${deaths} steps`)
}

async function run(node: Node, verb: Order["verb"], dieAfter = 0): Promise<string> {
  const order: Order = { verb, root: node.root, binDir: node.binDir, plugins: PLUGINS, dieAfter }
  try {
    await promisify(execFile)(process.execPath, [program, JSON.stringify(order)])
    return "ended"
  } catch (error) {
    if (error instanceof Error && "signal" in error && error.signal === "SIGKILL") return "killed"
    throw error
  }
}

/** Those in whose place a relay stands and works. */
function armedPlugins(node: Node): string[] {
  const relay = readFileSync(join(import.meta.dirname, "../../dist/relay-x86_64"))
  return PLUGINS.filter((name) => readFileSync(join(node.bin, name)).equals(relay))
}
