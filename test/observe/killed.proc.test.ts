import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { Random } from "../capture/random.ts"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import { countOf, objectsOf } from "./kernel-objects.ts"
import { call, cnitap, losses, observerOf, plainNode, until } from "./observed-node.ts"
import { ObservedStand } from "./observed-stand.ts"

const KILLS = 15

test("an observer is killed at any moment: no call notices it, and nothing is left in the kernel", async (t) => {
  const random = Random.of(t)
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  stand.add("bridge", ["echo", "exit 3"])
  let isOver = false
  const traffic = Array.from({ length: 3 }, async () => {
    const seen = new Set<string>()
    while (!isOver) {
      const { stdout, stderr, code, signal } = await stand.run("bridge", { command: "ADD", stdin: "{}" })
      seen.add(JSON.stringify({ stdout, stderr, code, signal }))
    }
    return [...seen]
  })
  for (let kill = 0; kill < KILLS; kill++) {
    // Once it observes, and while it loads its programs.
    const isWaitedFor = kill % 2 === 0
    if (isWaitedFor) await stand.observe()
    const starting = isWaitedFor
      ? undefined
      : spawn(NODE_EXECUTABLE, ["observe", ...stand.directories], { stdio: "ignore" })
    const pid = Number(starting?.pid ?? stand.pid)
    await sleep(random.below(150))
    const objects = stopped(pid)
    process.kill(pid, "SIGKILL")
    if (isWaitedFor) assert.ok(objects.length > 10, `${objects.length} objects`)
    await until(() => countOf(objects) === 0)
  }
  isOver = true
  for (const seen of await Promise.all(traffic))
    assert.deepEqual(seen, [JSON.stringify({ stdout: "{}", stderr: "", code: 3, signal: null })])
})

test("what starts an observer is killed at any moment: the next install has one observer, which says what was missed", async (t) => {
  const random = Random.of(t)
  const node = plainNode(t)
  const before = await node.tree()
  const startMs = performance.now()
  cnitap(node, "install", "--mode", "observe")
  const installMs = Math.ceil(performance.now() - startMs)
  process.kill(observerOf(node).pid, "SIGKILL")
  for (let kill = 0; kill < KILLS; kill++) {
    const starter = spawn(NODE_EXECUTABLE, ["install", "--mode", "observe", "--root", node.root], { stdio: "ignore" })
    const ended = once(starter, "exit")
    await sleep(random.below(installMs))
    starter.kill("SIGKILL")
    await ended
    call(node)
    for (const pid of observersOf(node)) if (random.below(2) === 0) process.kill(pid, "SIGKILL")
  }
  const { stderr, code } = cnitap(node, "install", "--mode", "observe")
  assert.deepEqual({ stderr, code }, { stderr: "", code: 0 })
  assert.equal(cnitap(node, "status").code, 0)
  const { pid } = observerOf(node)
  // Those that a killed starter had started find that they are not the one that is installed.
  await until(() => observersOf(node).length === 1)
  assert.deepEqual(observersOf(node), [pid])
  assert.ok(losses(node).some(({ reason }) => reason === "stopped"))
  const objects = objectsOf(pid)
  assert.equal(cnitap(node, "uninstall", "--purge").code, 0)
  await until(() => countOf(objects) === 0)
  assert.deepEqual(await node.tree(), before)
})

/** The programs and maps of a process that is stopped, so that it makes no more of them. */
function stopped(pid: number): string[] {
  process.kill(pid, "SIGSTOP")
  return objectsOf(pid)
}

/** Processes that observe this node, or are about to. */
function observersOf(node: { root: string }): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const words = text(`/proc/${pid}/cmdline`).split("\0")
      return words.includes("__observe") && !words.includes("--detach") && words.includes(node.root)
    })
    .map(Number)
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}
