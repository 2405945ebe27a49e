import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { Node } from "../install/node.ts"
import { cnitap, PROGRAM } from "./cnitap.ts"
import { writeCalls } from "./written-capture.ts"

test("ls -w has the outcome of ls: a plugin of the node's list that was not found", async (t) => {
  const node = new Node()
  t.after(() => node.remove())
  node.plugin("bridge")
  node.list("10-pods.conflist", [{ type: "bridge" }, { type: "portmap" }])
  assert.equal((await cnitap(["install", "--root", node.root])).code, 0)
  const add = (id: string) =>
    writeCalls(node.at("/var/lib/cnitap/capture"), [{ id: id.repeat(16), pod: `web-${id}`, wallMs: Date.now() }])
  const columns = ["-o", "custom-columns=POD:.pod.name,O:.outcome,P:.outcomeReason.plugin", "--no-headers"]
  const args = ["--root", node.root, ...columns]
  const child = spawn(process.execPath, [PROGRAM, "ls", "-w", ...args], { stdio: ["ignore", "pipe", "inherit"] })
  t.after(() => child.kill())
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => ((await lines.next()).value ?? "").replace(/ +/g, " ")
  // The first is there already, or is listed as the second: as one that happens.
  add("1")
  const first = await next()
  add("2")
  assert.deepEqual([first, await next()], ["web-1 failed portmap", "web-2 failed portmap"])
  child.kill("SIGINT")
  await once(child, "exit")
  const listed = (await cnitap(["ls", ...args])).stdout.replace(/ +/g, " ")
  assert.equal(listed, "web-1 failed portmap\nweb-2 failed portmap\n")
})
