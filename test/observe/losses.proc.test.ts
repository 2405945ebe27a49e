import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { test } from "node:test"
import { cnitap } from "../cli/cnitap.ts"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import { ObservedStand } from "./observed-stand.ts"

/** Calls made while the observer does not read, a few at once. */
async function callsWhileStopped(stand: ObservedStand, count: number, env = {}): Promise<string> {
  process.kill(stand.pid ?? 0, "SIGSTOP")
  for (let made = 0; made < count; made += 20)
    await Promise.all(Array.from({ length: 20 }, () => stand.run("bridge", { command: "ADD", stdin: "{}", env })))
  process.kill(stand.pid ?? 0, "SIGCONT")
  return (await stand.end()).stderr
}

test("a stream of which a part was lost has its whole size, what came before, and a mark", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  stand.add("bridge", ["echo", "stdout 60000"])
  await stand.observe()
  const stderr = await callsWhileStopped(stand, 160)
  const ends = stand.ends()
  const lost = ends.filter(({ stdout }) => stdout.truncatedBy === "loss")
  assert.match(
    stderr,
    /^cnitap: \d+ pieces of streams were lost, because the kernel's buffer was full: their calls are marked$/m,
  )
  assert.doesNotMatch(stderr, /calls were not recorded/)
  assert.equal(ends.length, 160)
  assert.ok(lost.length > 20 && lost.length < 140, `${lost.length} were marked`)
  assert.deepEqual([...new Set(ends.map(({ stdout }) => stdout.sizeBytes))], [60_002])
  const whole = ends.find(({ stdout }) => !stdout.truncated)?.stdout
  assert.ok(whole && "text" in whole)
  for (const { stdout } of lost) assert.ok("text" in stdout && whole.text.startsWith(stdout.text))
  assert.ok(ends.every(({ stdout }) => stdout.truncated || ("text" in stdout && stdout.text === whole.text)))
})

test("calls made are the calls recorded and the calls reported as lost", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  stand.add("bridge", ["echo"])
  await stand.observe()
  const stderr = await callsWhileStopped(stand, 400, { LONG: "x".repeat(30_000) })
  const lost = Number(/^cnitap: (\d+) calls were not recorded/m.exec(stderr)?.[1])
  assert.ok(lost > 0)
  assert.equal(stand.begins().length + lost, 400)
  assert.equal(stand.ends().length, stand.begins().length)
  const losses = stand.losses()
  assert.equal(
    losses.reduce((sum, { calls }) => sum + calls, 0),
    lost,
  )
  assert.deepEqual([...new Set(losses.map(({ reason }) => reason))], ["full"])
  const ls = await cnitap(["ls", "--capture", stand.capture, "-o", "name"])
  assert.match(
    ls.stderr,
    new RegExp(`^cnitap: ${lost} calls were not recorded, because the kernel's buffer was full; \\S+Z to \\S+Z$`, "m"),
  )
})

test("a list that nobody reads costs no call, and says how many it does not have", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  stand.add("bridge", ["echo", "stdout 60000"])
  const args = ["observe", ...stand.directories, "-o", "jsonl"]
  const observer = spawn(NODE_EXECUTABLE, args, { stdio: ["ignore", "pipe", "pipe"] })
  const [stdout, stderr] = [observer.stdout, observer.stderr].map((stream) => stream.setEncoding("utf8"))
  assert.ok(stdout && stderr)
  await once(stderr, "data")
  for (let made = 0; made < 60; made++) await stand.run("bridge", { command: "ADD", stdin: "{}" })
  while (stand.ends().length < 60) await new Promise((resolve) => setTimeout(resolve, 50))
  observer.kill("SIGINT")
  const [listed, said] = await Promise.all([stdout, stderr].map(async (stream) => (await stream.toArray()).join("")))
  const omitted = /^cnitap: (\d+) calls are missing from this list, because it was not read fast enough; (.*)$/m.exec(
    said ?? "",
  )
  assert.equal(omitted?.[2], `\`cnitap ls --capture ${stand.capture}\` lists all`)
  assert.equal(listed?.split("\n").length, 60 - Number(omitted[1]) + 1)
  assert.deepEqual(stand.losses(), [])
})
