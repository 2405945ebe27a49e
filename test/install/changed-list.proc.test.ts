import assert from "node:assert/strict"
import { chmodSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { capturing, cnitap, within } from "./cli.ts"
import { call, Node } from "./node.ts"
import { SteppedWatch } from "./watch/stepped-watch.ts"

const BRIDGE = { type: "bridge", ipam: { type: "host-local" } }
const RELAY = readFileSync(join(import.meta.dirname, "../../dist/relay-x86_64"))
const CAPTURE = "/var/lib/cnitap/capture"

test("a plugin joins the active list: status names it and the command that records it, and exits 1", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node), "--for", "2h", "--sample", "1/10", "--max-size", "64MiB")
  assert.equal((await cnitap("status", ...within(node))).code, 0)
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "tuning" }])
  const status = await cnitap("status", ...within(node))
  assert.equal(status.code, 1)
  const command = `cnitap install ${capturing(node).join(" ")} --for 2h --sample 1/10 --max-size 64MiB`
  assert.deepEqual(nodeSections(status.stdout), [
    `ACTIVE LIST\n  ${listPath(node, "10-pods.conflist")}`,
    `NOT RECORDED\n  tuning of the active list ${listPath(node, "10-pods.conflist")} is not recorded`,
    `NEXT\n  ${command}`,
  ])
  const { isComplete, gaps, activeLists } = JSON.parse((await cnitap("status", ...within(node), "-o", "json")).stdout)
  const list = listPath(node, "10-pods.conflist")
  assert.deepEqual(
    { isComplete, gaps, activeLists },
    {
      isComplete: false,
      gaps: [
        {
          kind: "plugin",
          plugin: "tuning",
          list,
          path: join(node.bin, "tuning"),
          cause: "not-installed",
          via: "the list",
        },
      ],
      activeLists: [list],
    },
  )
  const [, ...words] = command.split(" ")
  assert.equal((await cnitap(...words)).code, 0)
  assert.deepEqual((await cnitap("status", ...within(node))).code, 0)
  assert.ok(isRelay(node, "tuning"))
})

test("what was asked for last counts, also if nothing had to be changed for it", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node), "--plugins", "bridge,host-local,portmap")
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "tuning" }])
  const chosen = await cnitap("status", ...within(node))
  assert.deepEqual([chosen.code, /only (.*)/.exec(chosen.stdout)?.[1]], [0, "bridge, host-local, portmap (--plugins)"])
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }])
  assert.match((await cnitap("install", ...capturing(node))).stdout, /^nothing to do, already installed: /)
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "tuning" }])
  assert.equal((await cnitap("status", ...within(node))).code, 1)
  await cnitap("install", ...capturing(node), "--plugins", "bridge")
  assert.equal((await cnitap("status", ...within(node))).code, 0)
})

test("the list was renamed: all is recorded, and status says what it was", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node))
  renameSync(listPath(node, "10-pods.conflist"), listPath(node, "05-pods.conflist"))
  const status = await cnitap("status", ...within(node))
  assert.deepEqual(
    [status.code, nodeSections(status.stdout)],
    [
      0,
      [
        `ACTIVE LIST\n  ${listPath(node, "05-pods.conflist")}\n  at the install it was ${listPath(node, "10-pods.conflist")}`,
      ],
    ],
  )
})

test("the active list names a plugin that has no file: status sends to doctor, and exits 1", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node))
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "flannel-qos" }])
  const status = await cnitap("status", ...within(node))
  assert.deepEqual(
    [status.code, nodeSections(status.stdout).slice(1)],
    [
      1,
      [
        `NOT RECORDED\n  flannel-qos of the active list ${listPath(node, "10-pods.conflist")} is missing: it is not in ${node.bin}`,
        `NEXT\n  cnitap doctor ${within(node).join(" ")}`,
      ],
    ],
  )
})

test("chain mode: another file sorts first now, without the probes", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node), "--mode", "chain")
  node.list("05-other.conflist", [BRIDGE])
  const status = await cnitap("status", ...within(node))
  const list = listPath(node, "05-other.conflist")
  assert.deepEqual(
    [status.code, nodeSections(status.stdout)],
    [
      1,
      [
        `ACTIVE LIST\n  ${list}\n  at the install it was ${listPath(node, "10-pods.conflist")}`,
        `NOT RECORDED\n  the active list ${list} is not recorded: it has no cni_pre and cni_post`,
        `NEXT\n  cnitap install ${within(node).join(" ")} --mode chain --capture ${node.at(CAPTURE)}`,
      ],
    ],
  )
})

const PROBLEMS: [string, (node: Node) => void, string][] = [
  ["was deleted", (node) => node.delete(CAPTURE), "does not exist"],
  [
    "is accessible to others",
    (node) => chmodSync(node.at(CAPTURE), 0o755),
    "has mode 0755: other users can access it, so relays do not write to it",
  ],
  [
    "is a file",
    (node) => {
      node.delete(CAPTURE)
      node.file(CAPTURE, "")
    },
    "is not a directory",
  ],
]

for (const [what, change, problem] of PROBLEMS) {
  test(`the capture ${what}: status says it and exits 1`, async (t) => {
    const node = plainNode(t)
    await cnitap("install", ...capturing(node))
    change(node)
    const status = await cnitap("status", ...within(node))
    assert.equal(status.code, 1)
    assert.ok(status.stdout.includes(`CAPTURE\n  ${node.at(CAPTURE)} ${problem}: nothing is recorded\n`), status.stdout)
  })
}

test("watch records a plugin that joins the active list, and creates a deleted capture again", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node))
  const watch = new SteppedWatch(t, node)
  await watch.pass(5000)
  assert.deepEqual(watch.lines, [])
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "tuning" }])
  await watch.pass(5000)
  assert.deepEqual(watch.lines, ["tuning: joined the active list, now recorded"])
  assert.ok(isRelay(node, "tuning"))
  node.delete(CAPTURE)
  await watch.pass(5000)
  assert.deepEqual(watch.lines.slice(1), [`${node.at(CAPTURE)} (missing): reinstalled`])
  assert.equal(await call(join(node.bin, "tuning")), '0 {"plugin":"tuning"}')
  assert.equal(node.names(CAPTURE).length, 1)
  assert.equal((await cnitap("status", ...within(node))).code, 0)
})

test("watch in chain mode edits the list that sorts first now", async (t) => {
  const node = plainNode(t)
  const before = await node.tree()
  await cnitap("install", ...capturing(node), "--mode", "chain")
  const watch = new SteppedWatch(t, node)
  node.list("05-other.conflist", [BRIDGE])
  await watch.pass(5000)
  assert.deepEqual(watch.lines, [`${listPath(node, "05-other.conflist")}: joined the active list, now recorded`])
  assert.equal((await cnitap("status", ...within(node))).code, 0)
  await watch.stop()
  await cnitap("uninstall", ...within(node))
  rmSync(listPath(node, "05-other.conflist"))
  assert.deepEqual(await node.tree(), before)
})

test("watch reports once what it cannot record: a missing plugin, a capture that others can read", async (t) => {
  const node = plainNode(t)
  await cnitap("install", ...capturing(node))
  const watch = new SteppedWatch(t, node)
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "flannel-qos" }])
  chmodSync(node.at(CAPTURE), 0o750)
  await watch.pass(70_000)
  assert.deepEqual(watch.lines.sort(), [
    `${node.at(CAPTURE)} has mode 0750: other users can access it, so relays do not write to it: nothing is recorded`,
    `flannel-qos of the active list ${listPath(node, "10-pods.conflist")} is missing: it is not in ${node.bin}`,
  ])
  chmodSync(node.at(CAPTURE), 0o700)
  node.plugin("flannel-qos")
  await watch.pass(40_000)
  assert.deepEqual(watch.lines.slice(2), ["flannel-qos: joined the active list, now recorded"])
})

test("ps names what the install that writes its capture does not record, and nothing for another capture", async (t) => {
  const node = plainNode(t)
  const ps = async (...args: string[]) =>
    (await cnitap("ps", "--root", node.root, ...args)).stderr.replace(/in \S+ since .* UTC/, "in CAPTURE since TIME")
  const status = `Start a pod on this node; \`cnitap status --root ${node.root}\` shows which plugins are recorded.`
  const quiet = `no call in flight\ncnitap: nothing was recorded in CAPTURE since TIME: no recorded plugin was called. ${status}\n`
  // In a mounted root a plugin cannot be run under another argv[0], where the double looks for its steps.
  for (const name of ["bridge", "host-local", "portmap"]) rmSync(join(node.bin, `${name}.json`))
  await cnitap("install", "--root", node.root, "--raw")
  assert.equal(await ps(), quiet)
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }, { type: "tuning" }])
  assert.equal(
    await ps(),
    `${quiet}cnitap: tuning of the active list /etc/cni/net.d/10-pods.conflist is not recorded (cnitap install --root ${node.root} --raw)\n`,
  )
  node.directory("/other", 0o700)
  assert.equal(await ps("--capture", "/other"), "no call in flight\n")
})

function plainNode(t: TestContext): Node {
  const node = new Node()
  t.after(() => node.remove())
  for (const name of ["bridge", "host-local", "portmap", "tuning"]) node.plugin(name)
  node.list("10-pods.conflist", [BRIDGE, { type: "portmap" }])
  return node
}

function listPath(node: Node, file: string): string {
  return join(node.at(node.confDir), file)
}

function isRelay(node: Node, name: string): boolean {
  return readFileSync(join(node.bin, name)).equals(RELAY)
}

/** The sections of status about the node, after those of each install. */
function nodeSections(stdout: string): string[] {
  return stdout.slice(stdout.indexOf("ACTIVE LIST")).trimEnd().split("\n\n")
}
