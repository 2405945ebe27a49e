import assert from "node:assert/strict"
import { existsSync, readFileSync, readlinkSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { Random } from "../capture/random.ts"
import { outputOf, Stand } from "./stand.ts"

/** CNITAP_CALLS=10000 takes some minutes. */
const CALLS = Number(process.env.CNITAP_CALLS ?? 500)
const AT_ONCE = Math.min(100, CALLS / 10)
const stand = new Stand()
after(() => stand.remove())

/** Whether the process runs; a zombie does not count. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 5000, "it never came")
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

test("if the relay is killed, the plugin dies with it, and the begin line remains without an end line", async () => {
  stand.add("hangs", ["drain", "facts", "hang"])
  stand.wrap("hangs")
  stand.configure()
  const child = stand.start("hangs", { command: "ADD" })
  const ended = outputOf(child)
  child.stdin?.end("{}")
  await until(() => stand.lines().length === 1 && pluginOf(child.pid) !== undefined)
  const plugin = Number(pluginOf(child.pid))
  assert.equal(isAlive(plugin), true)
  child.kill("SIGKILL")
  assert.equal((await ended).signal, "SIGKILL")
  await until(() => !isAlive(plugin))
  assert.deepEqual(
    stand.records().map(({ kind }) => kind),
    ["begin"],
  )
})

test("kill -9 at random moments: no wrong answer, no end without its begin, and a torn line damages no other", async (t) => {
  const random = Random.of(t)
  stand.forget()
  stand.add("works", ["drain", "out {}", "sleep 2", "file done x"])
  stand.wrap("works")
  stand.configure({ maxSizeBytes: 2 ** 30 })
  const stdin = JSON.stringify({ name: "net", filler: "x".repeat(30_000) })
  const killed = new Set<string>()
  const waiting = Array.from({ length: CALLS }, (_, call) => `c-${call}`)
  const work = async () => {
    for (let container = waiting.shift(); container !== undefined; container = waiting.shift()) {
      const child = stand.start("works", { command: "ADD", stdin, env: { CNI_CONTAINERID: container } })
      const ended = outputOf(child)
      child.stdin?.on("error", () => {})
      child.stdin?.end(stdin)
      if (random.below(10) === 0) setTimeout(() => child.kill("SIGKILL"), random.below(3 * AT_ONCE))
      const { signal, code, stdout } = await ended
      if (signal === "SIGKILL") killed.add(container)
      else assert.deepEqual([code, stdout], [0, "{}"])
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  t.diagnostic(`${killed.size} of ${CALLS} calls were killed`)
  assert.ok(killed.size > CALLS / 100)

  const decoded = stand.decoded()
  const records = decoded.flatMap((each) => (each.kind === "record" ? [each.record] : []))
  assert.ok(decoded.length - records.length <= killed.size)
  const begins = new Map(records.filter((record) => record.kind === "begin").map((begin) => [begin.id, begin]))
  const ends = records.filter((record) => record.kind === "end")
  assert.ok(begins.size <= CALLS)
  assert.ok(ends.every(({ id }) => begins.has(id)))
  const complete = new Set(ends.map(({ id }) => begins.get(id)?.env.CNI_CONTAINERID))
  const all = Array.from({ length: CALLS }, (_, call) => `c-${call}`)
  assert.deepEqual(
    all.filter((container) => !complete.has(container) && !killed.has(container)),
    [],
  )
  // A begin line has no stdin if the writer had not closed it in time.
  const recorded = records.flatMap((record) =>
    "stdin" in record && record.stdin && "text" in record.stdin ? [record.stdin.text] : [],
  )
  assert.ok(recorded.length > 0 && recorded.every((text) => text === stdin))
})

test("if the plugin is killed and not the relay, the end line has the signal", async () => {
  stand.forget()
  stand.add("killed", ["drain", "signal 9"])
  stand.wrap("killed")
  assert.equal((await stand.run("killed", { command: "DEL", stdin: "{}" })).signal, "SIGKILL")
  assert.deepEqual(
    stand.ends().map(({ exit }) => exit),
    [{ signal: 9 }],
  )
})

test("if the recorder dies, the call goes on, and its end is recorded", async (t) => {
  const own = new Stand()
  t.after(() => own.remove())
  own.add("waits", ["catch 12", "err ready\n", "await", "exit 3"])
  own.wrap("waits")
  own.configure()
  for (const signal of ["SIGKILL", "SIGSEGV"] as const) {
    own.forget()
    const child = own.start("waits", { command: "ADD" })
    t.after(() => child.kill("SIGKILL"))
    const ended = outputOf(child)
    child.stdin?.end("{}")
    await until(() => own.lines().length === 1)
    const recorder = childrenOf(child.pid).find((pid) => readlinkSync(`/proc/${pid}/exe`) === join(own.bin, "waits"))
    process.kill(Number(recorder), signal)
    await until(() => !isAlive(Number(recorder)))
    child.kill("SIGUSR2")
    assert.deepEqual(await ended, { stdout: "caught 12\n", stderr: "ready\n", code: 3, signal: null }, signal)
    assert.deepEqual(
      own.records().map(({ kind }) => kind),
      ["begin", "end"],
      signal,
    )
  }
})

/** The plugin among the relay's children; the other one is its recorder. */
function pluginOf(pid: number | undefined): string | undefined {
  return childrenOf(pid).find((child) => readlinkSync(`/proc/${child}/exe`).includes("/.cnitap/real/"))
}

function childrenOf(pid: number | undefined): string[] {
  const file = `/proc/${pid}/task/${pid}/children`
  return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ").filter(Boolean) : []
}
