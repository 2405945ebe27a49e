import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { pluginPidOf, processes, sharesProcesses } from "../../../src/store/node/process.ts"

/** When a process started, in milliseconds since boot, as /proc has it. */
const STARTED_MS = 5_000_000
/** The same on the monotonic clock, which stands still while a machine is suspended. */
const STARTED_MONO_MS =
  STARTED_MS -
  Math.max(
    0,
    Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * 1000 - Number(process.hrtime.bigint()) / 1e6,
  )

function stat(pid: number): string {
  const fields = ["S", ...Array.from({ length: 18 }, () => "0"), String(STARTED_MS / 10)]
  return `${pid} (relay) ${fields.join(" ")}\n`
}

function plantRoot(t: { after(fn: () => void): void }, pids: number[]): string {
  const root = mkdtempSync(join(tmpdir(), "cnitap-root-"))
  t.after(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, "etc"))
  writeFileSync(join(root, "etc/hostname"), "node-7\n")
  for (const pid of pids) {
    mkdirSync(join(root, `proc/${pid}/task/${pid}`), { recursive: true })
    writeFileSync(join(root, `proc/${pid}/stat`), stat(pid))
    writeFileSync(join(root, `proc/${pid}/task/${pid}/children`), `${pid + 1} `)
  }
  return root
}

test("below a root, the processes and the name of the node decide whether a call is running", (t) => {
  const root = plantRoot(t, [1, 4711])
  const processOf = processes(root)
  const begin = { node: "node-7", pid: 4711, monoMs: STARTED_MONO_MS + 50 }
  assert.equal(processOf(begin)?.(), true)
  assert.equal(processOf({ ...begin, node: hostname() })?.(), true)
  assert.equal(processOf({ ...begin, pid: 4712 })?.(), false)
  // The relay has ended, and its recorder still writes.
  assert.equal(processOf({ ...begin, pid: 4712, recorderPid: 4711 })?.(), true)
  assert.equal(processOf({ ...begin, pid: 4712, recorderPid: 4711, monoMs: STARTED_MONO_MS - 60_000 })?.(), false)
  // The PID was reused: the process started long after the call.
  assert.equal(processOf({ ...begin, monoMs: STARTED_MONO_MS - 60_000 })?.(), false)
  assert.equal(processOf({ ...begin, node: "node-8" }), undefined)
  assert.equal(pluginPidOf({ pid: 4711, as: "relay" }, root), 4712)
  assert.equal(pluginPidOf({ pid: 4711, as: "observer" }, root), 4711)
})

test("a link below the root stays below it: the node's name is not read from the machine that mounts it", (t) => {
  const root = plantRoot(t, [1, 4711])
  const elsewhere = mkdtempSync(join(tmpdir(), "cnitap-elsewhere-"))
  t.after(() => rmSync(elsewhere, { recursive: true }))
  const begin = { node: "node-9", pid: 4711, monoMs: STARTED_MONO_MS + 50 }
  writeFileSync(join(elsewhere, "hostname"), "node-8\n")
  mkdirSync(join(root, elsewhere), { recursive: true })
  writeFileSync(join(root, elsewhere, "hostname"), "node-9\n")
  rmSync(join(root, "etc/hostname"))
  symlinkSync("static/hostname", join(root, "etc/hostname"))
  mkdirSync(join(root, "etc/static"))
  symlinkSync(join(elsewhere, "hostname"), join(root, "etc/static/hostname"))
  assert.equal(processes(root)(begin)?.(), true)
  assert.equal(processes(root)({ ...begin, node: "node-8" }), undefined)
})

test("if the processes of the node cannot be seen, nothing is said about its calls", (t) => {
  const root = plantRoot(t, [])
  assert.equal(processes(root)({ node: "node-7", pid: process.pid, monoMs: 0 }), undefined)
})

test("PIDs are shared with the own root, and with a root whose /proc is the own one", (t) => {
  assert.equal(sharesProcesses("/"), true)
  assert.equal(sharesProcesses(plantRoot(t, [1])), false)
  assert.ok(readFileSync("/proc/self/stat", "latin1").startsWith(String(process.pid)))
})
