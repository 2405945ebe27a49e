import assert from "node:assert/strict"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { copyFileSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { describe, type TestContext, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { double } from "../../doubles/double.ts"
import { capturing, cnitap, within } from "../cli.ts"
import { call, Node } from "../node.ts"
import { SteppedWatch } from "./stepped-watch.ts"

const AGENTS = join(import.meta.dirname, "../agents")
const PROGRAM = join(import.meta.dirname, "../../../dist/cnitap.js")
const RELAY = readFileSync(join(import.meta.dirname, "../../../dist/relay-x86_64"))
const LIST = "/etc/cni/net.d/10-pods.conflist"

// Some of these tests mostly wait.
describe("agents", { concurrency: 3 }, () => {
  test("Calico's installer replaces the relays: they are reinstalled, with its newer plugins as originals", async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node))
    const watcher = await Watcher.start(t, node)
    agent("calico.sh", node.at(node.confDir), node.bin, newer(node))
    await watcher.until(/bridge \(replaced\), \S+portmap \(replaced\): reinstalled$/)
    assert.ok(isRelay(node, "bridge") && isRelay(node, "portmap"))
    assert.equal(await call(join(node.bin, "bridge")), '0 {"plugin":"bridge"}')
    await watcher.stop()
    await cnitap("uninstall", ...within(node))
    assert.ok(readFileSync(join(node.bin, "bridge")).equals(readFileSync(newer(node))))
  })

  test("Calico's installer rewrites the list in place, in two writes: edited again when it is complete", async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node), "--mode", "chain")
    const watcher = await Watcher.start(t, node)
    agent("calico.sh", node.at(node.confDir), node.bin, join(node.bin, "bridge"))
    const written = readFileSync(node.at(LIST), "utf8")
    await watcher.until(/10-pods\.conflist \(replaced\): reinstalled$/)
    assert.deepEqual(types(node), ["cni_pre", "bridge", "portmap", "cni_post"])
    await watcher.stop()
    await cnitap("uninstall", ...within(node))
    assert.equal(readFileSync(node.at(LIST), "utf8"), written)
  })

  test("flannel's cp -f writes into the relay's file, never into the original", async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node))
    const original = join(node.bin, ".cnitap/real/bridge")
    const before = [statSync(original).ino, readFileSync(original, "base64")]
    agent("flannel.sh", node.bin, newer(node))
    assert.deepEqual([statSync(original).ino, readFileSync(original, "base64")], before)
    const watcher = await Watcher.start(t, node)
    await watcher.until(/bridge \(replaced\): reinstalled$/)
    assert.ok(isRelay(node, "bridge"))
    await watcher.stop()
    await cnitap("uninstall", ...within(node))
    assert.ok(readFileSync(join(node.bin, "bridge")).equals(readFileSync(newer(node))))
  })

  test("an agent overwrites each repair: three repairs in 30 s, then one message and a pause", async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node))
    const watch = new SteppedWatch(t, node)
    const repaired = `${node.bin}/bridge (replaced): reinstalled`
    for (let round = 1; round <= 3; round++) {
      agent("flannel.sh", node.bin, newer(node))
      await watch.pass(3000)
      assert.deepEqual(watch.lines, Array(round).fill(repaired))
    }
    agent("flannel.sh", node.bin, newer(node))
    await watch.pass(3000)
    const stopped = `${repaired} 3 times in 30 s, and overwritten each time; calls are not recorded until the next attempt in 60 s`
    assert.deepEqual(watch.lines, [repaired, repaired, repaired, stopped])
    await watch.pass(55_000)
    assert.ok(!isRelay(node, "bridge"))
    assert.deepEqual(watch.lines, [repaired, repaired, repaired, stopped])
    await watch.pass(5000)
    assert.ok(isRelay(node, "bridge"))
    assert.deepEqual(watch.lines, [repaired, repaired, repaired, stopped, repaired])
  })

  test("Cilium with cni.exclusive: chain mode is refused; with --force it is reverted, and watch does not repair it", async (t) => {
    const node = plainNode(t, "05-cilium.conflist", [{ type: "cilium-cni", "chaining-mode": "none" }])
    node.plugin("cilium-cni")
    const cilium = () => agent("cilium-exclusive.sh", node.at(node.confDir))
    assert.equal(cilium(), "reverted\n")
    const refused = await cnitap("install", ...capturing(node), "--mode", "chain")
    assert.equal(refused.code, 5)
    assert.match(
      refused.stderr,
      /^cnitap: cilium would remove the probes again: .*cni\.exclusive=false.* Or use --force\.\n$/,
    )
    assert.equal((await cnitap("install", ...capturing(node))).code, 0, "swap mode is not refused")
    assert.equal(cilium(), "")
    await cnitap("uninstall", ...within(node))
    await cnitap("install", ...capturing(node), "--mode", "chain", "--force")
    assert.equal(cilium(), "reverted\n")
    const watch = new SteppedWatch(t, node)
    await watch.pass(10_000)
    assert.match(
      watch.lines.join("\n"),
      /^\S+05-cilium\.conflist \(replaced\): not reinstalled, because cilium would overwrite it again: [^\n]*$/,
    )
    assert.equal(cilium(), "")
    await watch.stop()
    const { stdout } = await cnitap("uninstall", ...within(node))
    assert.match(stdout, /^uninstalled from /)
    assert.deepEqual(node.names(node.confDir), ["05-cilium.conflist"])
    assert.deepEqual(
      node.names(node.binDir).filter((name) => /cni_p|\.cnitap/.test(name)),
      [],
    )
  })

  test("Istio: its plugin is not recorded, its entry after ours is kept by uninstall, and nothing is overwritten", async (t) => {
    const node = plainNode(t)
    node.plugin("istio-cni")
    const istio = () => agent("istio.sh", node.at(node.confDir), node.bin, newer(node))
    assert.equal(istio(), "plugin restored\nentry restored\n")
    const plan = JSON.parse((await cnitap("plan", ...capturing(node), "-o", "json")).stdout)
    assert.deepEqual(
      plan.targets.map(({ name, reason }: { name: string; reason?: string }) => [name, reason]),
      [
        ["bridge", undefined],
        ["host-local", undefined],
        ["portmap", undefined],
        ["istio-cni", "istio-cni overwrites it again as soon as it changes"],
      ],
    )
    await cnitap("install", ...capturing(node))
    assert.equal(istio(), "")
    await cnitap("uninstall", ...within(node))
    assert.equal(istio(), "")
    const before = readFileSync(node.at(LIST), "utf8")
    await cnitap("install", ...capturing(node), "--mode", "chain")
    assert.deepEqual(types(node), ["cni_pre", "bridge", "portmap", "istio-cni", "cni_post"])
    assert.equal(istio(), "")
    await cnitap("uninstall", ...within(node))
    assert.equal(readFileSync(node.at(LIST), "utf8"), before)
  })

  test("Istio's plugin with --force: Istio restores it at once, and watch does not repair it", async (t) => {
    const node = plainNode(t, "10-pods.conflist", [{ type: "bridge" }, { type: "istio-cni" }])
    copyFileSync(newer(node), join(node.bin, "istio-cni"))
    const istio = () => agent("istio.sh", node.at(node.confDir), node.bin, newer(node))
    assert.equal(istio(), "")
    await cnitap("install", ...capturing(node), "--plugins", "istio-cni", "--force")
    assert.equal(istio(), "plugin restored\n")
    const watch = new SteppedWatch(t, node)
    await watch.pass(10_000)
    assert.match(
      watch.lines.join("\n"),
      /^\S+istio-cni \(replaced\): not reinstalled, because istio-cni would overwrite it again: [^\n]*$/,
    )
    assert.equal(istio(), "")
    await watch.stop()
    await cnitap("uninstall", ...within(node))
    assert.ok(readFileSync(join(node.bin, "istio-cni")).equals(readFileSync(newer(node))))
  })

  test("Linkerd adds its entry to an edited list: uninstall removes the probes and keeps Linkerd's entry", async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node), "--mode", "chain")
    assert.equal(agent("linkerd.cjs", node.at(node.confDir)), "injected into 10-pods.conflist\n")
    assert.deepEqual(types(node), ["cni_pre", "bridge", "portmap", "cni_post", "linkerd-cni"])
    assert.equal((await cnitap("status", ...within(node))).code, 0)
    await cnitap("uninstall", ...within(node))
    assert.deepEqual(types(node), ["bridge", "portmap", "linkerd-cni"])
    assert.equal(agent("linkerd.cjs", node.at(node.confDir)), "", "its entry is unchanged")
  })

  test("Multus, thin: swap mode does not change its master list and its own file; chain mode is refused, because Multus would copy the probes", async (t) => {
    const node = plainNode(t)
    node.plugin("multus")
    const multus = () => agent("multus-thin.cjs", node.at(node.confDir))
    multus()
    const own = readFileSync(node.at("/etc/cni/net.d/00-multus.conf"), "utf8")
    await cnitap("install", ...capturing(node))
    assert.ok(["multus", "bridge", "host-local", "portmap"].every((name) => isRelay(node, name)))
    assert.equal(multus(), "10-pods.conflist\n")
    assert.equal(readFileSync(node.at("/etc/cni/net.d/00-multus.conf"), "utf8"), own)
    await cnitap("uninstall", ...within(node))
    const { code, stderr } = await cnitap("install", ...capturing(node), "--mode", "chain")
    assert.equal(code, 5)
    assert.match(
      stderr,
      /00-multus\.conf cannot be edited: it has no plugins list|multus-thin would copy the probes into its own list/,
    )
  })

  test("if Multus has copied the list with the probes, uninstall keeps them until Multus copies the restored list", async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node), "--mode", "chain")
    agent("multus-thin.cjs", node.at(node.confDir))
    const { stdout } = await cnitap("uninstall", ...within(node))
    assert.ok(stdout.includes(`${node.bin}/cni_pre, named by ${node.at(node.confDir)}/00-multus.conf`))
    assert.equal(await call(join(node.bin, "cni_pre"), { CNI_COMMAND: "DEL" }), "0 ")
    agent("multus-thin.cjs", node.at(node.confDir))
    const status = await cnitap("status", ...within(node))
    assert.equal(status.code, 6)
    assert.match(status.stderr, /removed \S*cni_pre, which nothing names any more/)
  })

  test("kube-router finds its bridge after cni_pre and rewrites the list: uninstall removes only the probes", async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node), "--mode", "chain", "--force")
    agent("kube-router.cjs", node.at(LIST))
    assert.deepEqual(types(node), ["cni_pre", "bridge", "portmap", "cni_post"])
    await cnitap("uninstall", ...within(node))
    assert.deepEqual(JSON.parse(readFileSync(node.at(LIST), "utf8")).plugins, [
      { type: "bridge", ipam: { type: "host-local", ranges: [[{ subnet: "10.1.0.0/24" }]] } },
      { type: "portmap" },
    ])
  })

  test("watch ends when the install expires, and restores everything", async (t) => {
    const node = plainNode(t)
    const before = await node.tree()
    await cnitap("install", ...capturing(node), "--for", "60s")
    const watch = new SteppedWatch(t, node)
    await watch.pass(55_000)
    assert.ok(isRelay(node, "bridge"))
    assert.deepEqual(watch.lines, [])
    await watch.pass(5000)
    await watch.end
    assert.deepEqual(watch.lines, [`the install in ${node.bin} has expired; its files are restored`])
    assert.deepEqual(await node.tree(), before)
  })

  test("watch ends after an uninstall with status 0", async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node))
    const watcher = await Watcher.start(t, node)
    await cnitap("uninstall", ...within(node))
    assert.equal(await watcher.exit, 0)
    assert.match(watcher.lines.at(-1) ?? "", /nothing is installed any more$/)
  })

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`watch ends on ${signal} with status 0 and keeps the install`, async (t) => {
      const node = plainNode(t)
      await cnitap("install", ...capturing(node))
      const watcher = await Watcher.start(t, node)
      await watcher.stop(signal)
      assert.match(watcher.lines.at(-1) ?? "", /stopped watching; what is installed stays$/)
      assert.ok(isRelay(node, "bridge"))
    })
  }
})

/** A background program whose output lines a test waits for. */
class Background {
  readonly lines: string[] = []
  readonly child: ChildProcess
  readonly exit: Promise<number | null>

  constructor(t: TestContext, command: string, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] })
    this.child = child
    createInterface(child.stdout).on("line", (line) => this.lines.push(line))
    this.exit = new Promise((resolve) => child.on("close", resolve))
    t.after(() => child.kill("SIGKILL"))
  }

  async until(pattern: RegExp, times = 1): Promise<void> {
    for (let tries = 0; this.lines.filter((line) => pattern.test(line)).length < times; tries++) {
      if (tries === 600) throw new Error(`no ${pattern} in\n${this.lines.join("\n")}`)
      await sleep(50)
    }
  }
}

class Watcher extends Background {
  static async start(t: TestContext, node: Node): Promise<Watcher> {
    const watcher = new Watcher(t, process.execPath, [PROGRAM, "watch", ...within(node)])
    await watcher.until(/ watching /)
    return watcher
  }

  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<void> {
    this.child.kill(signal)
    assert.equal(await this.exit, 0)
  }
}

/** Runs an agent to completion and returns its output. */
function agent(name: string, ...args: string[]): string {
  return execFileSync(join(AGENTS, name), args, { encoding: "utf8" })
}

/** A plugin with the same behaviour as the installed ones but different content. */
function newer(node: Node): string {
  return node.at("/newer")
}

function isRelay(node: Node, name: string): boolean {
  return readFileSync(join(node.bin, name)).equals(RELAY)
}

function types(node: Node): string[] {
  const { plugins } = JSON.parse(readFileSync(node.at(LIST), "utf8")) as { plugins: { type: string }[] }
  return plugins.map(({ type }) => type)
}

function plainNode(
  t: TestContext,
  file = "10-pods.conflist",
  plugins: object[] = [{ type: "bridge", ipam: { type: "host-local" } }, { type: "portmap" }],
): Node {
  const node = new Node()
  t.after(() => node.remove())
  for (const name of ["bridge", "host-local", "portmap"]) node.plugin(name)
  node.list(file, plugins)
  node.file("/newer", Buffer.concat([readFileSync(double("plugin")), Buffer.from("newer")]), { mode: 0o755 })
  return node
}
