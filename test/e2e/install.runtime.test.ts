import assert from "node:assert/strict"
import { mkdirSync, renameSync } from "node:fs"
import { RUNTIMES, testOn } from "../node/runtimes.ts"
import { BANDWIDTH, BRIDGE, E2eStand, PORTMAP } from "./stand.ts"

const test = testOn(RUNTIMES)

test("the list is edited and restored while pods are created: every pod has its network, and the probes are recorded in between", async ({
  version,
  t,
}) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP, BANDWIDTH])
  const before = stand.files()
  const traffic = new Traffic(stand)
  await traffic.pods(4)
  await stand.install("--mode", "chain")
  // containerd reads the edited list shortly after the rename.
  await traffic.until(async () => (await stand.transcript()).length >= 8)
  await stand.uninstall()
  await traffic.pods(4)
  const recorded = await stand.transcript()
  await traffic.stop()

  assert.deepEqual(traffic.failures, [])
  assert.deepEqual(await stand.transcript(), recorded, "nothing is recorded any more")
  const whole = recorded.filter((line) => !/^(ADD ok: cni_pre cni_post|DEL ok: cni_post cni_pre)$/.test(line))
  // An operation that started with one list may have finished with the other: it has one probe and does not fail.
  for (const line of whole) assert.match(line, /^(ADD|DEL) ok: cni_(pre|post)$/)
  assert.ok(recorded.length - whole.length >= 4, recorded.join("\n"))
  await stand.afterUninstall()
  assert.deepEqual(stand.files(), before)
  assert.deepEqual(stand.leases(), [])
})

test("plugins are replaced and restored while pods are created: every pod has its network, and is recorded in between", async ({
  version,
  t,
}) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP, BANDWIDTH])
  const before = stand.files()
  const traffic = new Traffic(stand)
  await traffic.pods(2)
  for (let round = 1; round <= 3; round++) {
    await stand.install()
    await traffic.until(async () => (await stand.transcript()).length >= 4 * round)
    await stand.uninstall()
    await traffic.pods(1)
  }
  await traffic.stop()
  assert.deepEqual(traffic.failures, [])
  const recorded = await stand.transcript()
  assert.ok(recorded.includes("ADD ok: bridge(host-local) portmap bandwidth"), recorded.join("\n"))
  assert.ok(recorded.includes("DEL ok: bandwidth portmap bridge(host-local)"), recorded.join("\n"))
  assert.deepEqual(
    recorded.filter((line) => !/^(ADD|DEL) ok: /.test(line)),
    [],
  )
  const versions = (await stand.operations()).filter(({ command }) => command === "VERSION")
  assert.deepEqual(
    [...new Set(versions.map(({ outcome }) => outcome))],
    version.checksVersions ? ["ok"] : [],
    "VERSION is recorded if the runtime asks for it",
  )
  assert.deepEqual(stand.files(), before)
  assert.deepEqual(stand.leases(), [])
})

test("path mode: the runtime uses only our directory, finds every plugin there, and works after the uninstall", async ({
  version,
  t,
}) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP, BANDWIDTH])
  // A runtime with one directory needs every plugin in it; one with a list finds those without a relay in the next one.
  const { binDir, spareBinDir: plugins, confDir } = stand.node
  renameSync(binDir, plugins)
  mkdirSync(binDir)
  const before = stand.files()
  const within = ["--conf-dir", confDir, "--shim-dir", binDir]
  await stand.cnitap("install", "--mode", "path", ...within, "--bin-dir", plugins, "--capture", stand.capture)
  await stand.remove(await stand.run({ name: "recorded" }))
  const recorded = await stand.transcript()
  assert.deepEqual(
    [...new Set(recorded.filter((line) => !line.endsWith("loopback")))],
    ["ADD ok: bridge(host-local) portmap bandwidth", "DEL ok: bandwidth portmap bridge(host-local)"],
  )
  const answer = await stand.cnitap("uninstall", ...within, "--bin-dir", `${binDir},${plugins}`)
  assert.match(answer, /bridge, named by the plugin path of the runtime\n/)
  await stand.remove(await stand.run({ name: "unrecorded" }))
  assert.deepEqual(await stand.transcript(), recorded)
  // The operator has restored the plugin directory in the runtime's configuration.
  await stand.cnitap("status", ...within, "--bin-dir", plugins).catch(() => {})
  mkdirSync(binDir, { recursive: true })
  assert.deepEqual(stand.files(), before)
})

test("pods created before the install are deleted through it, pods created during it outlive it, and everything is restored", async ({
  version,
  t,
}) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP, BANDWIDTH])
  const before = stand.files()
  const old = await stand.run({ name: "old" })
  await stand.install()
  const young = await stand.run({ name: "young" })
  assert.deepEqual(stand.leases(), ["10.88.0.2", "10.88.0.3"])
  await stand.node.stopPod(old)
  await stand.uninstall()

  assert.deepEqual(stand.files(), before)
  const recorded = ["ADD ok: bridge(host-local) portmap bandwidth", "DEL ok: bandwidth portmap bridge(host-local)"]
  assert.deepEqual(await stand.transcript(), recorded)
  assert.deepEqual(
    (await stand.operations()).flatMap(({ pod }) => pod?.name ?? []),
    ["young", "old"],
  )
  await stand.remove(young)
  assert.deepEqual(await stand.transcript(), recorded)
  assert.deepEqual(stand.leases(), [])
})

/** Creates and removes pods, two at a time, until it is stopped. */
class Traffic {
  readonly #stand: E2eStand
  readonly #workers: Promise<void>[]
  #isStopped = false
  #made = 0
  readonly failures: unknown[] = []

  constructor(stand: E2eStand) {
    this.#stand = stand
    this.#workers = [this.#work("a"), this.#work("b")]
  }

  /** Waits until this many more pods were created and removed. */
  async pods(count: number): Promise<void> {
    const wanted = this.#made + count
    await this.until(async () => this.#made >= wanted)
  }

  async until(isTrue: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; !(await isTrue()) && this.failures.length === 0; tries++) {
      if (tries === 400) throw new Error(`never true: ${isTrue}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#workers)
  }

  async #work(worker: string): Promise<void> {
    for (let pod = 1; !this.#isStopped; pod++) {
      try {
        await this.#stand.remove(await this.#stand.run({ name: `${worker}-${pod}` }))
      } catch (error) {
        // On a loaded machine runc fails in ways that have nothing to do with lists or plugins.
        if (/network|cni/i.test(String(error))) this.failures.push(error)
      }
      this.#made++
    }
  }
}
