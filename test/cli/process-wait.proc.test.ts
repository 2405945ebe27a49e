import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { Stand } from "../relay/stand.ts"
import { cnitap } from "./cnitap.ts"

// Where a hanging plugin waits, which the kubelet's DeadlineExceeded does not say: in a lock, a server or a program.
let stand: Stand
const started: ChildProcess[] = []
const servers = [createServer(), createServer()]

before(() => {
  stand = new Stand()
  stand.configure()
})
after(() => {
  for (const child of started) child.kill("SIGKILL")
  for (const server of servers) server.close()
  stand.remove()
})

test("ps -o wide: a plugin waits for host-local's lock, which a plugin of another pod holds", async () => {
  const lock = join(stand.work, "lock")
  writeFileSync(lock, "")
  const holder = start("python3", ["-c", `${OPEN}; fcntl.flock(f, 2); print(1, flush=True); time.sleep(99)`, lock], {
    CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=orders-0",
  })
  await new Promise((resolve) => holder.stdout?.once("data", resolve))
  hang("host-local", `${OPEN}; fcntl.flock(f, 2)`, lock)
  const text = `flock of ${lock}, held by pid ${holder.pid} (python3 for shop/orders-0)`
  const call = await waiting("host-local", ({ locks }) => locks.length > 0)
  assert.deepEqual(call.waitsIn.locks, [
    { kind: "flock", pid: call.pluginPid, path: lock, holder: { pid: holder.pid, name: "python3 for shop/orders-0" } },
  ])
  assert.ok((await ps("-o", "wide")).stdout.includes(text))
  assert.deepEqual((await ps("-o", "name", `pluginPid=${call.pluginPid}`)).stdout, `call/${call.id}\n`)
})

test("a plugin waits for a program that it started, and that waits for a lock whose holder has ended and left it to a child", async () => {
  const lock = join(stand.work, "xtables.lock")
  writeFileSync(lock, "")
  const inherit = `${OPEN}; fcntl.flock(f, 2); os.set_inheritable(f.fileno(), True); p = subprocess.Popen(["sleep", "99"], close_fds=False, stdout=subprocess.DEVNULL); print(p.pid, flush=True)`
  const parent = start("python3", ["-c", inherit, lock])
  const ended = new Promise((resolve) => parent.once("exit", resolve))
  const child = Number(await new Promise((resolve) => parent.stdout?.once("data", resolve)))
  await ended
  try {
    hang("portmap", `subprocess.run(["flock", sys.argv[1], "true"])`, lock)
    const { waitsIn } = await waiting("portmap", ({ locks }) => locks.some(({ holder }) => holder !== undefined))
    assert.deepEqual(
      [waitsIn.locks.map(({ path, holder }) => [path, holder]), waitsIn.children.map(({ name }) => name)],
      [[[lock, { pid: child, name: "sleep" }]], ["flock for default/web-0"]],
    )
  } finally {
    process.kill(child, "SIGKILL")
  }
})

test("a plugin waits for the reply of a server, over TCP and over a unix socket", async () => {
  const [tcp, unix] = servers
  const path = join(stand.root, "agent.sock")
  await new Promise<void>((resolve) => tcp?.listen(0, "127.0.0.1", resolve))
  await new Promise<void>((resolve) => unix?.listen(path, resolve))
  const address = tcp?.address()
  const port = typeof address === "object" ? String(address?.port) : ""
  hang("calico", 's = socket.create_connection(("127.0.0.1", int(sys.argv[1]))); s.recv(1)', port)
  hang("azure", "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)", path)
  const overTcp = await waiting("calico", ({ sockets }) => sockets.length > 0)
  assert.deepEqual(overTcp.waitsIn.sockets, [{ protocol: "tcp", state: "connected", peer: `127.0.0.1:${port}` }])
  const overUnix = await waiting("azure", ({ sockets }) => sockets.length > 0)
  assert.deepEqual(overUnix.waitsIn.sockets, [{ protocol: "unix", state: "connected", peer: path }])
  const { stdout } = await ps("-o", "wide")
  assert.ok(stdout.includes(`connected to 127.0.0.1:${port} (tcp)`) && stdout.includes(`connected to ${path} (unix)`))
})

test("a call that has ended waits for nothing, and the plain table reads nothing", async () => {
  stand.add("short", ["drain", "out {}"])
  stand.wrap("short")
  await stand.run("short", { command: "ADD" })
  const { stdout } = await ps("-o", "json", "plugin=short", "--all")
  assert.deepEqual(JSON.parse(stdout).items, [])
  assert.doesNotMatch((await ps()).stdout, /WAITS FOR/)
})

type Waiting = {
  id: string
  pluginPid: number
  waitsIn: {
    locks: { pid: number; path?: string; holder?: { pid: number; name: string } }[]
    sockets: object[]
    children: { name: string }[]
  }
}

const OPEN = "f = open(sys.argv[1])"
const IMPORTS = "import fcntl, os, socket, subprocess, sys, time"

/** Adds a plugin that runs this Python with an argument, installs the relay in front of it, and calls it. */
function hang(plugin: string, script: string, argument: string): void {
  const path = stand.add(plugin)
  writeFileSync(path, `#!/usr/bin/python3\n${IMPORTS}\nsys.argv[1:] = [${JSON.stringify(argument)}]\n${script}\n`)
  stand.wrap(plugin)
  const child = stand.start(plugin, { command: "ADD" })
  started.push(child)
  child.stdin?.end("{}")
}

function start(program: string, [flag = "", script = "", ...args]: string[], env: Record<string, string> = {}) {
  const child = spawn(program, [flag, `${IMPORTS}\n${script}`, ...args], { env: { ...process.env, ...env } })
  started.push(child)
  return child
}

async function ps(...args: string[]) {
  return cnitap(["ps", "--capture", stand.capture, ...args])
}

/** The plugin's call in flight, once it waits like this. */
async function waiting(plugin: string, isReached: (wait: Waiting["waitsIn"]) => boolean): Promise<Waiting> {
  for (let tries = 0; ; tries++) {
    const { items } = JSON.parse((await ps("-o", "json", `plugin=${plugin}`)).stdout)
    const [call] = items as Waiting[]
    if (call?.waitsIn && isReached(call.waitsIn)) return call
    if (tries === 60) throw new Error(`${plugin} does not wait like that: ${JSON.stringify(items)}`)
    await sleep(50)
  }
}
