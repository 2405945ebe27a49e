import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, type TestContext, test } from "node:test"
import type { InstallMode } from "../../../src/install/plan/install-options.ts"
import { Random } from "../../capture/random.ts"
import type { Order } from "../dying.ts"
import { buildHands, Hands, removeHands } from "../hands.ts"
import type { Death } from "../mortal.ts"
import { Node, Runtime } from "../node.ts"

before(buildHands)
after(removeHands)

for (const mode of ["swap", "chain", "path"] as const) {
  test(`${mode}: interrupted after any step of install or uninstall, finished by either; no trace is left, no call fails`, (t) =>
    everyDeath(mode, t))
}

/** The second is a symlink to the first, a multi-call binary. */
const PLUGINS = ["bridge", "host-local"]

/** In each, four processes are killed. */
const KILL_ROUNDS = 5

/**
 * An install dies after its first change of the disk, after its second, and so on until it finishes, and so does an
 * uninstall. Each interrupted run is once finished by the same verb and once undone by the other one. Then the same
 * with SIGKILL, after some of these changes.
 */
async function everyDeath(mode: InstallMode, t: TestContext): Promise<void> {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  const node = nodeOfPlugins()
  const clean = await traces(node)
  const shimDir = node.at("/opt/cnitap/bin")
  const runtime = new Runtime(node.at(node.confDir), mode === "path" ? [shimDir, node.bin] : [node.bin])
  const hands = new Hands()
  const run = (verb: Order["verb"], { path = runtime.path, dieAfter = 0, death = "exception" as Death } = {}) =>
    hands.run({
      verb,
      mode,
      confDir: node.at(node.confDir),
      binDir: node.bin,
      shimDir,
      capture: node.at("/var/lib/cnitap/capture"),
      path,
      handshake: runtime.handshake,
      dieAfter,
      death,
    })
  const steps = { install: 0, uninstall: 0 }
  const install = async (after: string) => {
    assert.equal(await run("install"), "ended", after)
    assert.deepEqual(recordedBy(mode, node, shimDir), PLUGINS, after)
  }
  const uninstall = async (after: string) => {
    assert.equal(await run("uninstall"), "ended", after)
    // A directory that the runtime uses is kept until the operator removes it from the plugin path.
    if (mode === "path")
      await runtime.without(shimDir, async () => assert.equal(await run("uninstall", { path: [node.bin] }), "ended"))
    assert.deepEqual(await traces(node), clean, after)
  }
  const die = async (verb: Order["verb"], dieAfter: number, death: Death): Promise<boolean> => {
    const end = await run(verb, { dieAfter, death })
    if (end === "ended") return false
    assert.equal(end, "died")
    steps[verb] = Math.max(steps[verb], dieAfter)
    return true
  }
  /** False if neither verb has that many steps. */
  const dieAt = async (installStep: number, uninstallStep: number, death: Death): Promise<boolean> => {
    const inInstall = `${death} after step ${installStep} of install`
    const inUninstall = `${death} after step ${uninstallStep} of uninstall`
    const diedInstalling = await die("install", installStep, death)
    await uninstall(inInstall)
    if (diedInstalling) await die("install", installStep, death)
    await install(inInstall)
    const diedUninstalling = await die("uninstall", uninstallStep, death)
    await install(inUninstall)
    if (diedUninstalling) await die("uninstall", uninstallStep, death)
    await uninstall(inUninstall)
    return diedInstalling || diedUninstalling
  }
  try {
    for (let step = 1; await dieAt(step, step, "exception"); step++);
    const random = new Random(seed)
    const draw = (verb: Order["verb"]) => 1 + random.below(steps[verb])
    // An uninstall waits for the calls in flight, so that not each one has as many steps as the longest.
    let died = 0
    for (let round = 0; round < KILL_ROUNDS; round++)
      if (await dieAt(draw("install"), draw("uninstall"), "SIGKILL")) died++
    assert.ok(died > KILL_ROUNDS / 2, `died in ${died} of ${KILL_ROUNDS} rounds`)
  } finally {
    await runtime.stop()
    hands.stop()
    node.remove()
  }
  assert.deepEqual(runtime.failures, [])
  assert.ok(runtime.calls > 100, `${runtime.calls} calls`)
  assert.ok(steps.install > 20 && steps.uninstall > 20, JSON.stringify(steps))
}

function nodeOfPlugins(): Node {
  const node = new Node()
  const attributes = { "user.origin": "vendor", "security.selinux": "system_u:object_r:cni_exec_t:s0" }
  node.plugin("bridge", undefined, { owner: 1000, mode: 0o750, attributes })
  node.link("host-local", "bridge")
  const plugins = [{ type: "bridge", ipam: { type: "host-local" } }]
  node.list("10-pods.conflist", plugins, {}, { owner: 1000, mode: 0o640, attributes: { "user.origin": "vendor" } })
  return node
}

/** Every file except the capture, which is kept. */
async function traces(node: Node): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await node.tree()).filter(([path]) => !path.startsWith("/var/lib/cnitap")))
}

/** The plugins with a working relay or probe in front of them. */
function recordedBy(mode: InstallMode, node: Node, shimDir: string): string[] {
  const relay = readFileSync(join(import.meta.dirname, "../../../dist/relay-x86_64"))
  const isRelay = (path: string) => existsSync(path) && readFileSync(path).equals(relay)
  if (mode !== "chain") return PLUGINS.filter((name) => isRelay(join(mode === "path" ? shimDir : node.bin, name)))
  const list = JSON.parse(readFileSync(join(node.at(node.confDir), "10-pods.conflist"), "utf8"))
  const types = (list.plugins as { type: string }[]).map(({ type }) => type)
  const isWhole = types.join() === "cni_pre,bridge,cni_post"
  return isWhole && ["cni_pre", "cni_post"].every((name) => isRelay(join(node.bin, name))) ? PLUGINS : types
}
