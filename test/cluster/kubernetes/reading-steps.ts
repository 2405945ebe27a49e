import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { Terminal } from "../../cli/terminal.ts"
import { NODE_EXECUTABLE } from "../../engine/node-executable.ts"
import { signalDaemon } from "./cluster-node.ts"
import { BOTH, type Session } from "./session.ts"
import { until, untilEqual } from "./until.ts"

const PAGE_CLIENT = join(import.meta.dirname, "../../../dist/cnitap.js")
const PRINT_SERVED_PODS = join(import.meta.dirname, "print-served-pods.ts")

/** From an install to the calls of both nodes, in every verb. Both nodes are recorded afterwards. */
export async function readingSteps(session: Session): Promise<void> {
  const { step, cluster, files, cnitap, allFiles, namespaceGone, deletePods, nodesOf, followersGone } = session
  const [first] = cluster.nodes

  await step("install --dry-run shows both nodes and leaves nothing", async () => {
    const planned = await cnitap(["install", "--all", "--mode", "swap", "--dry-run", "-o", "json"])
    assert.equal(planned.stderr, "")
    const { items } = JSON.parse(planned.stdout)
    assert.deepEqual(
      items.map(({ name, runtime, changedDirs, recorded, selinux, refusal }: Record<string, unknown>) => ({
        name,
        runtime: String(runtime).split(" ")[0],
        changedDirs,
        recorded,
        selinux,
        refusal,
      })),
      BOTH.map((name) => ({
        name,
        runtime: "containerd",
        changedDirs: ["/opt/cni/bin"],
        recorded: ["bridge", "host-local", "trouble"],
        selinux: "disabled",
        refusal: undefined,
      })),
    )
    assert.equal(planned.code, 0)
    await namespaceGone()
    assert.deepEqual(await allFiles(), files)
  })

  await step("how a node will be recorded is what its kernel allows to a pod and to root", async () => {
    const chosen = "{.mode} {.notObserved}{'\\n'}"
    const inPods = await cnitap(["install", "--all", "--dry-run", "-o", `jsonpath={range .items[*]}${chosen}{end}`])
    const asRoot = await first.succeed([NODE_EXECUTABLE, "plan", "--mode", "auto", "-o", `jsonpath=${chosen}`])
    assert.equal(inPods.stdout, asRoot.repeat(BOTH.length))
    await namespaceGone()
  })

  await step("from install to the first recorded call on both nodes", async (own) => {
    const startMs = Date.now()
    const installed = await cnitap(["install", "--all", "--mode", "swap", "--for", "1h"])
    own.diagnostic(`install: ${Date.now() - startMs} ms`)
    assert.match(installed.stderr, /^cnitap: node-1 and node-2 recorded until .* UTC\. NEXT /)
    assert.equal(installed.code, 0)
    await cluster.createPod("web-1", "node-1")
    await cluster.createPod("web-2", "node-2")
    const listed = [
      "ls",
      "command=ADD and outcome=ok",
      "-o",
      "jsonpath={range .items[*]}{.node} {.pod.name}{'\\n'}{end}",
    ]
    const recorded = async () => (await cnitap(listed)).stdout.trim().split("\n").sort()
    await untilEqual(recorded, ["node-1 web-1", "node-2 web-2"])
    const firstCallMs = Date.now() - startMs
    own.diagnostic(`the first calls of both nodes: ${firstCallMs} ms`)
    await cluster.awaitPod("web-1")
    await cluster.awaitPod("web-2")
  })

  await step("a failing and a hanging plugin are found on the node where they are", async () => {
    await cluster.createPod("fail-2", "node-2")
    await until("the failure is recorded", async () => (await cnitap(["ls", "--failed", "-o", "name"])).stdout !== "")
    const explained = await cnitap(["explain", "fail-2"])
    assert.match(explained.stdout, /no route to the agent/)
    assert.deepEqual([explained.stderr, explained.code], ["", 0])
    assert.match((await cnitap(["explain"])).stdout, /default\/fail-2/)
    await cluster.createPod("hang-1", "node-1")
    const flying = ["ps", "-o", "jsonpath={range .items[*]}{.node} {.plugin} {.pod.name}{'\\n'}{end}"]
    await untilEqual(async () => (await cnitap(flying)).stdout, "node-1 trouble hang-1\n")
    assert.match((await cnitap(["ps", "-o", "wide"])).stdout, / trouble +default\/hang-1 .* node-1 /)
    assert.match((await cnitap(["explain", "hang-1"])).stdout, /trouble/)
    assert.match((await cnitap(["stats", "--errors"])).stdout, /no route to the agent/)
  })

  await step("ps -w redraws the calls in flight of both nodes until Ctrl-C", async (own) => {
    const shell = new Terminal(`nsenter -t ${first.pid} -n bash --norc`, { columns: 160, env: cluster.env() })
    own.after(() => shell.close())
    shell.type("clear; kubectl cnitap ps -w; echo status $?", "Enter")
    await shell.until(/calls in flight, once a second[\s\S]* trouble +default\/hang-1 .*node-1/)
    await cluster.createPod("hang-2", "node-2")
    await shell.until(/default\/hang-1 .*node-1[\s\S]*default\/hang-2 .*node-2/)
    shell.type("C-c")
    await shell.until(/status 0$/m)
    await deletePods("hang-2")
  })

  await step("every verb answers for both nodes", async () => {
    for (const args of [["ls"], ["tail"], ["ledger"], ["status"]]) assert.deepEqual(await nodesOf(...args), BOTH)
    assert.deepEqual(await nodesOf("ls", "--node", "node-2"), ["node-2"])
    const shown = await cnitap(["show", "web-2"])
    assert.match(shown.stdout, /^ +pod +default\/web-2$/m)
    assert.equal(shown.code, 0)
    const address = (await cluster.kubectl(["get", "pod", "web-2", "-o", "jsonpath={.status.podIP}"])).stdout
    assert.match((await cnitap(["who-owns", address])).stdout, /node-2 +default\/web-2/)
    assert.match((await cnitap(["ledger"])).stdout, /^up .*node-1 +default\/web-1/m)
    assert.match((await cnitap(["stats"])).stdout, /^\d+ calls/)
    const compared = await cnitap(["diff", "web-1", "web-2"])
    assert.deepEqual([compared.stderr, compared.code], ["", 0])
    const nodes = await cnitap(["diff", "node/node-1", "node/node-2"])
    assert.match(nodes.stdout, /no route to the agent/)
    const doctor = await cnitap(["doctor"])
    assert.ok(doctor.code === 0 || doctor.code === 1, doctor.stderr)
    const lint = await cnitap(["lint"])
    assert.deepEqual([lint.stdout, lint.stderr, lint.code], ["", "nothing found\n", 0])
    const jsonl = (await cnitap(["export", "jsonl"])).stdout
    assert.deepEqual([...new Set(jsonl.match(/"node":"node-\d"/g))].sort(), ['"node":"node-1"', '"node":"node-2"'])
    const decoded = await cluster.kubectl(["cnitap", "decode"], { stdin: "[123 34 97 34 58 49 125]" })
    assert.match(decoded.stdout, /"a": 1/)
    const status = await cnitap(["status", "-o", "jsonpath={range .items[*]}{.node} {.state}{'\\n'}{end}"])
    assert.deepEqual([status.stdout, status.code], ["node-1 recording\nnode-2 recording\n", 0])
  })

  await step("one bundle has the calls of both nodes, and is read without the cluster", async () => {
    const bundle = join(cluster.directory, "cluster.cnitap")
    assert.deepEqual(await cnitap(["export", "bundle", "--out", bundle]), { stdout: "", stderr: "", code: 0 })
    const { stdout } = await first.exec([NODE_EXECUTABLE, "ls", "--from", bundle, "command=ADD", "-o", "wide"])
    for (const pod of ["web-1", "web-2", "fail-2"]) assert.match(stdout, new RegExp(`default/${pod}`))
  })

  await step("ls -w follows both nodes", async () => {
    const columns = ["-o", "custom-columns=NODE:.node,POD:.pod.name"]
    const follower = cluster.spawn(["kubectl", "cnitap", "ls", "-w", ...columns], "follow")
    const log = () => readFileSync(join(first.directory, "var-log/follow.log"), "utf8")
    const ended = new Promise<number | null>((resolve) => follower.once("exit", resolve))
    // When it has begun cannot be seen: pods are made until both nodes are seen.
    let count = 0
    const made: string[] = []
    await until("both nodes are followed", async () => {
      for (const node of BOTH) {
        made.push(`follow-${++count}`)
        await cluster.createPod(`follow-${count}`, node)
      }
      return BOTH.every((node) => new RegExp(`^${node} +follow-\\d+$`, "m").test(log()))
    })
    signalDaemon(follower, "SIGINT")
    assert.equal(await ended, 0)
    await followersGone()
    await deletePods(...made)
  })

  await step("serve shows the calls of both nodes as they are recorded, on loopback only", async (own) => {
    const temporary = join(cluster.directory, "page")
    mkdirSync(temporary)
    const plugin = join(cluster.directory, "kubectl-cnitap")
    symlinkSync(PAGE_CLIENT, plugin)
    const env = { ...cluster.env(), TMPDIR: temporary }
    const serving = first.startInNetwork([process.execPath, plugin, "serve", "--listen", "127.0.0.1:0"], env)
    const closed = once(serving, "close")
    own.after(() => serving.kill())
    const [url] = (await once(createInterface(serving.stdout), "line")) as [string]
    const { hostname, port } = new URL(url)
    const sockets = await first.succeed(["ss", "-ltnH", `sport = :${port}`])
    const addresses = sockets
      .trimEnd()
      .split("\n")
      .map((line) => line.split(/ +/)[3])
    assert.deepEqual([hostname, addresses], ["127.0.0.1", [`127.0.0.1:${port}`]])
    const read = () => {
      const reader = first.startInNetwork([process.execPath, "--import", "tsx", PRINT_SERVED_PODS, url], {})
      own.after(() => reader.kill())
      return reader.stdout
    }
    await awaitLines(read(), ["node-1 web-1", "node-2 web-2", "node-2 fail-2"])
    const live = awaitLines(read(), ["node-1 page-1", "node-2 page-2"])
    await cluster.createPod("page-1", "node-1")
    await cluster.createPod("page-2", "node-2")
    await live
    serving.kill("SIGINT")
    assert.deepEqual(await closed, [0, null])
    assert.deepEqual(readdirSync(temporary), [])
    await followersGone()
    await deletePods("page-1", "page-2")
  })
}

/** Resolves when the stream has had each of these lines. */
async function awaitLines(stream: Readable, wanted: readonly string[]): Promise<void> {
  const missing = new Set(wanted)
  for await (const line of createInterface(stream)) if (missing.delete(line) && missing.size === 0) return
  throw new Error(`it ended without ${[...missing].join(", ")}`)
}
