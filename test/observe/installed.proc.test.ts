import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import type { Node } from "../install/node.ts"
import { countOf, objectsOf } from "./kernel-objects.ts"
import { call, cnitap, losses, observerOf, plainNode, until } from "./observed-node.ts"

test("install --mode observe goes on after the command, changes no file of the node, and leaves no trace", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const installed = cnitap(node, "install", "--mode", "observe")
  assert.deepEqual([installed.stderr, installed.code], ["", 0])
  assert.match(installed.stdout, /^installed: mode observe, bridge, host-local\n/)
  const pid = observerOf(node).pid
  assert.ok(installed.stdout.includes(`\n  process ${pid} follows 2 files, started at `))
  for (const directory of ["/opt", "/etc"])
    assert.deepEqual(await node.tree(directory), below(directory, before), directory)
  call(node)
  await until(() => cnitap(node, "ls", "-o", "jsonpath={.items[*].command}").stdout === "ADD")
  const again = cnitap(node, "install", "--mode", "observe")
  assert.match(again.stdout, /^nothing to do, already installed: mode observe, bridge, host-local\n/)
  assert.ok(again.stdout.includes(`\n  process ${pid} follows 2 files`))
  assert.equal(cnitap(node, "status").code, 0)
  const removed = cnitap(node, "uninstall", "--purge")
  assert.deepEqual([removed.stdout.split("\n")[0], removed.code], ["uninstalled from /var/lib/cnitap", 0])
  await until(() => !existsSync(`/proc/${pid}`))
  assert.deepEqual(await node.tree(), before)
  assert.equal(cnitap(node, "status").code, 6)
})

test("a killed observer leaves nothing in the kernel, status says so, and the next one records that there was none", async (t) => {
  const node = plainNode(t)
  cnitap(node, "install", "--mode", "observe")
  const { pid } = observerOf(node)
  const objects = objectsOf(pid)
  process.kill(pid, "SIGKILL")
  await until(() => countOf(objects) === 0)
  const { stdout, code } = cnitap(node, "status")
  assert.match(stdout, /^OBSERVER\n {2}it does not run: it was killed, started at .* UTC, last seen at .* UTC$/m)
  assert.equal(code, 1)
  assert.match(cnitap(node, "install", "--mode", "observe").stdout, /^installed: mode observe/)
  assert.notEqual(observerOf(node).pid, pid)
  assert.equal(cnitap(node, "status").code, 0)
  const [loss, ...others] = losses(node)
  const { reason, calls, ends, pieces, misses, records } = loss ?? {}
  assert.deepEqual(
    { reason, calls, ends, pieces, misses, records, others },
    { reason: "stopped", calls: 0, ends: 0, pieces: 0, misses: 0, records: 0, others: [] },
  )
  assert.ok(Number(loss?.sinceMs) < Number(loss?.wallMs))
})

test("the observer ends by itself when its time is over, and leaves no trace", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const { stdout } = cnitap(node, "install", "--mode", "observe", "--for", "2s")
  const [, pid] = /^ {2}process (\d+) follows/m.exec(stdout) ?? []
  await until(() => !existsSync(`/proc/${pid}`))
  assert.deepEqual(await node.tree(), before)
})

test("watch starts it again; install --stay keeps it until SIGTERM", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const child = spawn(NODE_EXECUTABLE, ["install", "--mode", "observe", "--stay", "--purge", "--root", node.root])
  const lines: string[] = []
  createInterface(child.stdout).on("line", (line) => lines.push(line.replace(/^\d{4}-\S+Z /, "")))
  const ended = once(child, "close")
  await until(() => lines.some((line) => line.startsWith("installed")))
  process.kill(observerOf(node).pid, "SIGKILL")
  await until(() => lines.includes("the observer (it was killed): started again"))
  assert.equal(observerOf(node).isRunning, true)
  child.kill("SIGTERM")
  assert.deepEqual(await ended, [0, null])
  assert.deepEqual(lines.slice(-2), ["uninstalled from /var/lib/cnitap", "nothing is installed any more"])
  assert.deepEqual(await node.tree(), before)
})

test("an observer and relays exclude each other", (t) => {
  const node = plainNode(t)
  cnitap(node, "install", "--mode", "observe")
  assert.deepEqual(cnitap(node, "install").stderr, refusal(node, "observe", "/var/lib/cnitap"))
  cnitap(node, "uninstall")
  cnitap(node, "install")
  assert.deepEqual(cnitap(node, "install", "--mode", "observe").stderr, refusal(node, "swap", "/opt/cni/bin"))
})

test("where the kernel cannot, the install is refused and nothing is changed", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  const hidden = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"'
  const { stderr, status } = spawnSync(
    "unshare",
    ["-m", "sh", "-c", hidden, "sh", NODE_EXECUTABLE, "install", "--mode", "observe", "--root", node.root],
    { encoding: "utf8" },
  )
  assert.deepEqual(
    [stderr, status],
    [
      `cnitap: this kernel does not describe its types (/sys/kernel/btf/vmlinux is missing). Record with \`cnitap install --root ${node.root}\`.\n`,
      5,
    ],
  )
  assert.deepEqual(await node.tree(), before)
})

function refusal(node: Node, mode: string, directory: string): string {
  return `cnitap: mode ${mode} is already installed in ${directory}. Run cnitap uninstall --root ${node.root} first.\n`
}

function below(directory: string, tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => path.startsWith(`${directory}/`)))
}
