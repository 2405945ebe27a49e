import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { double } from "../doubles/double.ts"
import { ContainerNode } from "./container-node.ts"
import { ObservedStand } from "./observed-stand.ts"
import { ObserverProcess } from "./observer-process.ts"

/** Prints its own process ID and that of its parent. */
const WHO = "#!/bin/sh\necho $$ $PPID\n"

async function containerNode(t: TestContext): Promise<ContainerNode> {
  const node = await ContainerNode.start()
  t.after(() => node.stop())
  return node
}

function standOf(t: TestContext, scripts: Record<string, string>): ObservedStand {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(stand.bin, name), text, { mode: 0o755 })
  return stand
}

test("process IDs are those of the node, and 0 for a parent outside", async (t) => {
  const { within } = await containerNode(t)
  const stand = standOf(t, { bridge: `${WHO}"${"$"}{0%/*}"/host-local; exit 3\n`, "host-local": WHO })
  await stand.observe([], within)
  const { stdout } = await stand.run("bridge", { command: "ADD", within })
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  const [outer, inner] = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map(Number))
  assert.deepEqual([outer?.[1], inner?.[1]], [0, outer?.[0]])
  const ends = new Map(stand.ends().map((end) => [end.id, end]))
  assert.deepEqual(
    stand
      .begins()
      .sort((a, b) => a.depth - b.depth)
      .map(({ id, plugin, pid, ppid }) => ({
        plugin,
        pid,
        ppid,
        ended: ends.get(id)?.pluginPid,
        exit: ends.get(id)?.exit,
      })),
    [
      { plugin: "bridge", pid: outer?.[0], ppid: 0, ended: outer?.[0], exit: { code: 3 } },
      { plugin: "host-local", pid: inner?.[0], ppid: outer?.[0], ended: inner?.[0], exit: { code: 0 } },
    ],
  )
})

test("a call that takes seconds is not taken for gone", async (t) => {
  const { within } = await containerNode(t)
  const stand = standOf(t, { bridge: "#!/bin/sh\nfor i in 1 2 3 4; do echo $i; sleep 1; done\n" })
  await stand.observe([], within)
  await stand.run("bridge", { command: "ADD", within })
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  assert.deepEqual(
    stand.ends().map(({ exit, stdout }) => ({ exit, stdout })),
    [{ exit: { code: 0 }, stdout: { sizeBytes: 8, text: "1\n2\n3\n4\n" } }],
  )
})

test("what a process that the plugin left behind writes later is output of the call", async (t) => {
  const { within } = await containerNode(t)
  const stand = standOf(t, { bridge: "#!/bin/sh\n(read line < $FIFO; echo late) &\necho early\n", loopback: WHO })
  const fifo = join(stand.root, "fifo")
  execFileSync("mkfifo", [fifo])
  await stand.observe([], within)
  const first = stand.run("bridge", { command: "ADD", within, env: { FIFO: fifo } })
  const isRecorded = (name: string) =>
    stand.begins().some(({ id, plugin }) => plugin === name && stand.ends().some((end) => end.id === id))
  const until = async (isMet: () => boolean) => {
    while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await until(() => stand.begins().some(({ plugin }) => plugin === "bridge"))
  // What happened before this call is known when its end is.
  await stand.run("loopback", { command: "ADD", within })
  await until(() => isRecorded("loopback"))
  writeFileSync(fifo, "\n", { flag: "r+" })
  await first
  await until(() => isRecorded("bridge"))
  const [call] = stand.begins().filter(({ plugin }) => plugin === "bridge")
  const end = stand.ends().find(({ id }) => id === call?.id)
  assert.deepEqual(end?.stdout, { sizeBytes: 11, text: "early\nlate\n" })
})

test("calls of another node with the same kernel are not recorded, even of the same file", async (t) => {
  const [one, other] = [await containerNode(t), await containerNode(t)]
  const stand = standOf(t, {})
  stand.add("bridge", ["echo"])
  await stand.observe([], one.within)
  await stand.run("bridge", { command: "ADD", env: { CNI_ARGS: "outside" } })
  await stand.run("bridge", { command: "ADD", env: { CNI_ARGS: "other" }, within: other.within })
  await stand.run("bridge", { command: "ADD", env: { CNI_ARGS: "one" }, within: one.within })
  await stand.end()
  assert.deepEqual(
    stand.begins().map(({ env }) => env.CNI_ARGS),
    ["one"],
  )
})

test("an observer in a pod with processes of its own reports those of the node", async (t) => {
  const machine = { within: [] }
  for (const { within } of [machine, await containerNode(t)]) {
    const stand = standOf(t, { bridge: WHO })
    const root = join(stand.root, "host")
    mkdirSync(root)
    // The pod sees the plugins below the node's root only.
    const mounts = `mount --rbind / ${root}; mount -t tmpfs none ${stand.bin}`
    const script = `${mounts}; exec unshare --pid --fork --mount-proc --kill-child "$0" "$@"`
    const pod = [...within, "unshare", "--mount", "sh", "-c", script]
    const observer = await ObserverProcess.start(["--root", root, ...stand.directories], pod)
    const [program = "sh", ...args] = [...within, "sh", "-c", `${stand.bin}/bridge; true`]
    const printed = execFileSync(program, args, { encoding: "utf8", env: { CNI_COMMAND: "ADD" } })
    await observer.end()
    assert.deepEqual(
      stand.begins().map(({ pid, ppid }) => `${pid} ${ppid}\n`),
      [printed],
    )
  }
})

test("an agent in a container is seen executing a plugin of its image, by its name and CNI_COMMAND", async (t) => {
  const { within } = await containerNode(t)
  const stand = standOf(t, {})
  const image = join(stand.root, "image")
  mkdirSync(image)
  for (const directory of [image, stand.bin])
    for (const [name, steps] of Object.entries({ "host-local": ["echo"], dhcp: [] })) {
      copyFileSync(double("plugin"), join(directory, name))
      writeFileSync(join(directory, `${name}.json`), JSON.stringify(steps))
    }
  writeFileSync(join(image, "bridge"), WHO, { mode: 0o755 })
  await stand.observe([], within)
  const [nsenter = "", ...args] = within
  const agent = [...args, "unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c"]
  const run = (...script: string[]) =>
    execFileSync(nsenter, script, { input: "{}", encoding: "utf8", env: { PATH: process.env.PATH, CNI_ARGS: "a" } })
  // On the node, a file of that name in another directory is not a plugin.
  run(...args, "env", "CNI_COMMAND=ADD", join(image, "host-local"))
  run(...agent, `${image}/dhcp daemon; CNI_COMMAND=ADD ${image}/bridge; CNI_COMMAND=ADD ${image}/host-local; true`)
  await stand.end()
  assert.deepEqual(
    stand.begins().map(({ path, original, env }) => ({ path, original, env })),
    [{ path: join(image, "host-local"), original: undefined, env: { CNI_COMMAND: "ADD", CNI_ARGS: "a" } }],
  )
  assert.deepEqual(
    stand.ends().map(({ stdout, exit }) => ({ stdout, exit })),
    [{ stdout: { sizeBytes: 2, text: "{}" }, exit: { code: 0 } }],
  )
  assert.deepEqual(stand.stdins(), [{ sizeBytes: 2, text: "{}" }])
})
