import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { TestContext } from "node:test"
import { RUNTIMES, testOn } from "../node/runtimes.ts"
import { BANDWIDTH, BRIDGE, E2eStand, PORTMAP } from "./stand.ts"

const test = testOn(RUNTIMES)

test("an upgrade adds a plugin to the list and renames it: status names the plugin, and watch records it", async ({
  version,
  t,
}) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP])
  await stand.install()
  await stand.remove(await stand.run({ name: "before" }))
  assert.equal(status(stand).status, 0)
  const list = replaceList(stand, "05-upgraded.conflist", [BRIDGE, PORTMAP, BANDWIDTH])
  const upgraded = status(stand)
  assert.equal(upgraded.status, 1)
  assert.ok(
    upgraded.stdout.includes(
      `ACTIVE LIST\n  ${list}\n  at the install it was ${stand.list}\n\nNOT RECORDED\n  bandwidth of the active list ${list} is not recorded\n`,
    ),
    upgraded.stdout,
  )
  await podUntil(stand, async () => (await stand.calls("bridge")).length > 2)
  assert.deepEqual(await stand.calls("bandwidth"), [])

  const watch = await watching(t, stand)
  // Of the pod during which watch installed the relay, only the DEL may be recorded.
  await podUntil(stand, async () => (await stand.transcript()).includes("ADD ok: bridge(host-local) portmap bandwidth"))
  assert.equal(status(stand).status, 0)
  assert.deepEqual(await watch.stop(), ["bandwidth: joined the active list, now recorded"])
  await stand.uninstall()
  assert.equal(status(stand).status, 6)
})

function status(stand: E2eStand) {
  const [program = "", ...options] = stand.command(["status", ...stand.directories])
  return spawnSync(program, options, { encoding: "utf8" })
}

/** The new list is there before the old one goes, as with an agent's upgrade. */
function replaceList({ node, list }: E2eStand, file: string, plugins: readonly object[]): string {
  const path = join(node.confDir, file)
  writeFileSync(`${list}.new`, JSON.stringify({ cniVersion: "1.0.0", name: "demo", plugins }))
  renameSync(`${list}.new`, path)
  renameSync(list, `${list}.old`)
  return path
}

/** containerd reads a changed list a moment later, and only for pods that start after that. */
async function podUntil(stand: E2eStand, isTrue: () => Promise<boolean>): Promise<void> {
  for (let pod = 0; pod < 40; pod++) {
    await stand.remove(await stand.run({ name: `pod-${pod}` }))
    if (await isTrue()) return
  }
  throw new Error(`never true: ${isTrue}\n${(await stand.transcript()).join("\n")}`)
}

/** A running watch; `stop` returns what it has reported about the install. */
async function watching(t: TestContext, stand: E2eStand): Promise<{ stop(): Promise<string[]> }> {
  const [program = "", ...options] = stand.command(["watch", ...stand.directories])
  const child = spawn(program, options, { stdio: ["ignore", "pipe", "inherit"] })
  t.after(() => child.kill("SIGKILL"))
  const lines: string[] = []
  const output = createInterface(child.stdout)
  await new Promise<void>((resolve) => {
    output.on("line", (line) => {
      lines.push(line.slice(line.indexOf(" ") + 1))
      resolve()
    })
  })
  return {
    async stop() {
      const ended = new Promise((resolve) => output.once("close", resolve))
      child.kill("SIGINT")
      await ended
      return lines.filter((line) => !/watching/.test(line))
    },
  }
}
