import assert from "node:assert/strict"
import { join } from "node:path"
import { Readable } from "node:stream"
import { type TestContext, test } from "node:test"
import { openCaptures } from "../../src/cli/args/captures.ts"
import type { Context } from "../../src/cli/context.ts"
import { Node } from "../install/node.ts"
import { inProcess } from "./in-process.ts"

const INSTALLED = Date.UTC(2026, 10, 28, 3, 10)
const HOUR = 3_600_000
const HOW =
  "Run `cnitap install --for 1h`, and start a pod on this node meanwhile; `cnitap status` shows which plugins are recorded."

test("no call since the install, and none until its time was over: both are said, with the times", async (t) => {
  const node = plainNode(t)
  const at = (hours: number) => () => INSTALLED + hours * HOUR
  assert.equal((await inProcess(["install", "--root", node.root, "--for", "1h"], at(0))).code, 0)
  const capture = join(node.root, "/var/lib/cnitap/capture")
  const ls = async (hours: number) => inProcess(["ls", "--root", node.root], at(hours))
  assert.deepEqual(await ls(0.5), {
    code: 0,
    stdout: "",
    stderr: `no operation found\ncnitap: nothing was recorded in ${capture} since 2026-11-28 03:10 UTC: no recorded plugin was called. Start a pod on this node; \`cnitap status --root ${node.root}\` shows which plugins are recorded.\n`,
  })
  assert.deepEqual(await ls(2), {
    code: 0,
    stdout: "",
    stderr: `no operation found\ncnitap: nothing was recorded in ${capture} between 2026-11-28 03:10 UTC and 2026-11-28 04:10 UTC: no recorded plugin was called. ${HOW.replace("--for", `--root ${node.root} --for`).replace("status", `status --root ${node.root}`)}\n`,
  })
})

test("the empty capture of an install that this command ended: nothing was recorded, instead of a missing directory", async () => {
  const context: Context = {
    stdout: { write: () => true },
    stderr: { write: () => true },
    stdin: Readable.from([]),
    env: {},
    exitCode: 0,
    nowMs: () => INSTALLED + 2 * HOUR,
    expired: [{ capture: "/nowhere/capture", installedMs: INSTALLED, untilMs: INSTALLED + HOUR }],
  }
  await assert.rejects(openCaptures(context, { capture: ["/nowhere/capture"] }), {
    code: "CAPTURE_MISSING",
    message:
      "nothing was recorded in /nowhere/capture between 2026-11-28 03:10 UTC and 2026-11-28 04:10 UTC: no recorded plugin was called",
    hint: HOW,
  })
  await assert.rejects(openCaptures(context, { capture: ["/nowhere/other"] }), {
    message: "/nowhere/other does not exist",
  })
})

test("a command that restores an install whose time is over notes it for the verb that follows", async (t) => {
  const node = plainNode(t)
  const flags = ["--bin-dir", node.bin, "--conf-dir", node.at(node.confDir), "--shim-dir", node.at("/opt/cnitap/bin")]
  const capture = node.at("/var/lib/cnitap/capture")
  await inProcess(["install", ...flags, "--capture", capture, "--for", "1h"], () => INSTALLED)
  const { endExpired, openNode } = await import("../../src/cli/node/node.ts")
  const context: Context = {
    stdout: { write: () => true },
    stderr: { write: () => true },
    stdin: Readable.from([]),
    env: {},
    exitCode: 0,
    nowMs: () => INSTALLED + 2 * HOUR,
  }
  endExpired(
    context,
    openNode({ root: "/", binDir: [node.bin], confDir: node.at(node.confDir), shimDir: node.at("/opt/cnitap/bin") }),
  )
  assert.deepEqual(
    context.expired?.map(({ capture: path, installedMs, untilMs }) => [path, installedMs, untilMs]),
    [[capture, INSTALLED, INSTALLED + HOUR]],
  )
  await assert.rejects(openCaptures(context, { capture: [capture] }), /nothing was recorded in .* between/)
})

function plainNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => node.remove())
  node.plugin("bridge")
  node.list("10-pods.conflist", [{ type: "bridge" }])
  return node
}
