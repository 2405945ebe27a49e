import assert from "node:assert/strict"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { outputOf, Stand } from "../relay/stand.ts"
import { cnitap } from "./cnitap.ts"

const LOG = "I1128 dialing 10.96.0.1:443\nE1128 cannot reach API server 10.96.0.1:443, retrying\nI1128 waiting\n"
const PROBLEM = "E1128 cannot reach API server 10.96.0.1:443, retrying"
let stand: Stand
let killed: string

before(async () => {
  stand = new Stand()
  stand.configure()
  for (const [name, out] of [
    ["slowcni", '{"cniVersion":'],
    ["quiet", ""],
  ]) {
    stand.add(String(name), name === "quiet" ? ["drain", "hang"] : ["drain", `out ${out}`, `err ${LOG}`, "hang"])
    stand.wrap(String(name))
  }
  const child = stand.start("slowcni", { command: "ADD" })
  after(() => child.kill("SIGKILL"))
  const ended = outputOf(child)
  child.stdin?.end('{"cniVersion":"1.0.0","name":"pods","type":"slowcni"}')
  while (!stand.records().some(({ kind }) => kind === "progress")) await new Promise((done) => setTimeout(done, 20))
  killed = stand.begins()[0]?.id ?? ""
  // While it hangs, its output so far can be read.
  const ps = await read("ps", "-o", "wide")
  assert.deepEqual(
    [
      ps.stdout.includes(PROBLEM),
      (await read("explain", killed)).stdout
        .split("\n")[1]
        ?.trim()
        .replace(/\dm\d+s$/, "TIME"),
    ],
    [
      true,
      `in flight      slowcni: started but has not ended (pid ${child.pid}); it wrote to stderr: ${PROBLEM}; the kubelet gives up in TIME`,
    ],
  )
  child.kill("SIGKILL")
  await ended
})
after(() => stand.remove())

function read(...args: string[]) {
  return cnitap([...args, "--capture", stand.capture])
}

test("explain: the first line after the headline states what a killed plugin wrote", async () => {
  const { stdout } = await read("explain", killed)
  assert.equal(
    stdout.split("\n")[1]?.trim(),
    `first failure  slowcni: never ended and its process is gone; the runtime's timeout killed it, or the node went down; it wrote to stderr: ${PROBLEM}`,
  )
})

test("show has both streams of a killed call, and says that they are not complete", async () => {
  const lines = (await read("show", killed)).stdout.split("\n")
  const at = lines.indexOf("stdout (14 bytes, so far)")
  assert.deepEqual(lines.slice(at, at + 6), [
    "stdout (14 bytes, so far)",
    '  {"cniVersion":',
    `stderr (${LOG.length} bytes, so far)`,
    ...LOG.trimEnd()
      .split("\n")
      .map((line) => `  ${line}`),
  ])
})

test("ls finds it by what it wrote; ps --all, tail and the exports have it", async () => {
  assert.equal((await read("ls", "stderr~reach", "-o", "name")).stdout, `operation/${killed}\n`)
  const [call] = JSON.parse((await read("ps", "--all", "-o", "json")).stdout).items
  assert.deepEqual([call.state, call.stderr.text, "exit" in call], ["killed", LOG, false])
  const jsonl = JSON.parse((await read("export", "jsonl")).stdout)
  assert.deepEqual([jsonl.id, jsonl.stderr.text], [killed, LOG])
})

test("a bundle keeps it, and is read again with the same result", async () => {
  const bundle = join(stand.root, "hung.cnitap")
  assert.equal((await read("export", "bundle", "--out", bundle)).code, 0)
  const call = JSON.parse((await cnitap(["export", "jsonl", "--from", bundle])).stdout)
  assert.deepEqual([call.stderr.text, call.stdout.text], [LOG, '{"cniVersion":'])
})

test("show says so if a call has written nothing", async () => {
  const child = stand.start("quiet", { command: "ADD" })
  const ended = outputOf(child)
  child.stdin?.end("{}")
  while (stand.begins().length < 2) await new Promise((done) => setTimeout(done, 20))
  const quiet = stand.begins().find(({ plugin }) => plugin === "quiet")?.id ?? ""
  const { stdout } = await read("show", quiet)
  assert.match(stdout, /^stdout \(nothing recorded: the call has not ended\)$/m)
  assert.match(stdout, /^stderr \(nothing recorded: the call has not ended\)$/m)
  child.kill("SIGKILL")
  await ended
  const killedQuiet = (await read("show", quiet)).stdout
  assert.match(killedQuiet, /^stdout \(nothing recorded: the end of the call was not recorded\)$/m)
})
