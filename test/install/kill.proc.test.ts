import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { Mode } from "../../src/install/wish.ts"
import type { Order } from "./dying.ts"
import { buildHands, Hands, removeHands } from "./hands.ts"
import { Node, Runtime } from "./node.ts"

before(buildHands)
after(removeHands)

for (const mode of ["swap", "chain", "path"] as const) {
  test(`${mode}: killed after any step of install; install finishes it, uninstall leaves no trace, no call fails`, () =>
    everyDeath(mode, "install", ["install", "uninstall"]))

  test(`${mode}: killed after any step of install; uninstall leaves no trace, no call fails`, () =>
    everyDeath(mode, "install", ["uninstall"]))

  test(`${mode}: killed after any step of uninstall; uninstall leaves no trace, no call fails`, () =>
    everyDeath(mode, "uninstall", ["uninstall"]))

  test(`${mode}: killed after any step of uninstall; install arms it again, uninstall leaves no trace, no call fails`, () =>
    everyDeath(mode, "uninstall", ["install", "uninstall"]))
}

const PLUGINS = ["bridge", "host-local", "portmap", "multi"]

/** Kills the verb after its first step, after its second, until it comes to its end; each time others recover. */
async function everyDeath(mode: Mode, verb: Order["verb"], recovery: Order["verb"][]): Promise<void> {
  const node = nodeOfPlugins()
  const clean = traces(node)
  const shimDir = node.at("/opt/cnitap/bin")
  const runtime = new Runtime(node.at(node.confDir), mode === "path" ? [shimDir, node.bin] : [node.bin])
  const hands = new Hands()
  const run = (next: Order["verb"], path = runtime.path, dieAfter = 0) =>
    hands.run({
      verb: next,
      mode,
      confDir: node.at(node.confDir),
      binDir: node.bin,
      shimDir,
      capture: node.at("/var/lib/cnitap/capture"),
      path,
      handshake: runtime.handshake,
      dieAfter,
    })
  let deaths = 0
  try {
    for (;;) {
      if (verb === "uninstall") assert.equal(await run("install"), "ended")
      if (verb === "uninstall") assert.deepEqual(recordedBy(mode, node, shimDir), PLUGINS)
      const end = await run(verb, runtime.path, deaths + 1)
      if (end === "ended") break
      assert.equal(end, "killed")
      deaths++
      for (const next of recovery) {
        assert.equal(await run(next), "ended", `${next} after death ${deaths}`)
        if (next === "install")
          assert.deepEqual(recordedBy(mode, node, shimDir), PLUGINS, `installed after death ${deaths}`)
      }
      // What the runtime looks into stays until it does no more: the operator takes our directory out of its path.
      if (mode === "path")
        await runtime.without(shimDir, async () => assert.equal(await run("uninstall", [node.bin]), "ended"))
      assert.deepEqual(traces(node), clean, `the tree after death ${deaths}`)
    }
  } finally {
    await runtime.stop()
    hands.stop()
    node.remove()
  }
  assert.deepEqual(runtime.failures, [])
  assert.ok(runtime.calls > deaths, `${runtime.calls} calls during ${deaths} deaths`)
  assert.ok(deaths > 10, `${deaths} steps`)
}

function nodeOfPlugins(): Node {
  const node = new Node()
  node.plugin("bridge", undefined, {
    attributes: { "user.origin": "vendor", "security.selinux": "system_u:object_r:cni_exec_t:s0" },
  })
  node.plugin("host-local", undefined, { owner: 1000, mode: 0o750 })
  node.plugin("multi")
  node.link("portmap", "multi")
  const plugins = [{ type: "bridge", ipam: { type: "host-local" } }, { type: "portmap" }, { type: "multi" }]
  node.list("10-pods.conflist", plugins, {}, { owner: 1000, mode: 0o640, attributes: { "user.origin": "vendor" } })
  return node
}

/** Every file but the capture, which stays. */
function traces(node: Node): Record<string, string> {
  return Object.fromEntries(Object.entries(node.tree()).filter(([path]) => !path.startsWith("/var/lib/cnitap")))
}

/** The plugins in whose way something of ours stands and works. */
function recordedBy(mode: Mode, node: Node, shimDir: string): string[] {
  const relay = readFileSync(join(import.meta.dirname, "../../dist/relay-x86_64"))
  const isRelay = (path: string) => existsSync(path) && readFileSync(path).equals(relay)
  if (mode !== "chain") return PLUGINS.filter((name) => isRelay(join(mode === "path" ? shimDir : node.bin, name)))
  const list = JSON.parse(readFileSync(join(node.at(node.confDir), "10-pods.conflist"), "utf8"))
  const types = (list.plugins as { type: string }[]).map(({ type }) => type)
  const isWhole = types.join() === "cni_pre,bridge,portmap,multi,cni_post"
  return isWhole && ["cni_pre", "cni_post"].every((name) => isRelay(join(node.bin, name))) ? PLUGINS : types
}
