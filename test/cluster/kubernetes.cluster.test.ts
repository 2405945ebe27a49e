import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { after, before, type TestContext, test } from "node:test"
import type { Ran } from "../cli/cnitap.ts"
import { Terminal } from "../cli/terminal.ts"
import { signalDaemon, until } from "./kubernetes/cluster-node.ts"
import { evidenceOf } from "./kubernetes/evidence.ts"
import { AHEAD_IMAGE, writeImageAhead } from "./kubernetes/image-ahead.ts"
import { Kubernetes } from "./kubernetes/kubernetes.ts"

const DIST = join(import.meta.dirname, "../../dist")
const DEPLOY = join(import.meta.dirname, "../../deploy")
const PRINT_SERVED_PODS = join(import.meta.dirname, "kubernetes/print-served-pods.ts")
const BUILD_IMAGE = join(import.meta.dirname, "../../scripts/build/build-image.ts")
/** The client is the node executable too: kubectl finds it under the name of a plugin. */
const CLIENT = join(DIST, `cnitap-linux-${process.arch === "arm64" ? "arm64" : "amd64"}`)

let cluster: Kubernetes

/** Nothing ends earlier what takes long on a slow machine: each step waits for its own condition. */
const LIMIT = { timeout: 2_700_000 }

before(async () => {
  cluster = new Kubernetes()
  await explained(() => cluster.start())
  symlinkSync(CLIENT, join(cluster.directory, "bin/kubectl-cnitap"))
  const image = join(cluster.directory, "image.tar")
  execFileSync(process.execPath, ["--import", "tsx", BUILD_IMAGE, image])
  for (const node of cluster.nodes) await cluster.importImage(node, image)
}, LIMIT)
after(() => cluster?.stop())
// Its nodes would go on without this process.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    cluster?.stop()
    process.exit(1)
  })

/** Prints what the cluster looks like if it throws. */
async function explained(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    console.error(await evidenceOf(cluster))
    throw error
  }
}

/** `kubectl cnitap`, on the first node, as a user. */
function cnitap(args: readonly string[], user: "admin" | "dev" | "reader" = "admin"): Promise<Ran> {
  return cluster.run(["kubectl", "cnitap", ...args], user)
}

function allFiles(): Promise<string[][]> {
  return Promise.all(cluster.nodes.map((node) => node.files()))
}

async function namespaceGone(): Promise<void> {
  await until("the namespace is gone", async () => (await cluster.kubectl(["get", "namespace", "cnitap"])).code !== 0)
}

async function deletePods(...names: string[]): Promise<void> {
  await cluster.kubectl(["delete", "pods", "--force", "--grace-period=0", ...names])
}

/** The nodes of the rows that a verb prints, each once. */
async function nodesOf(...args: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await cnitap([...args, "-o", "jsonpath={range .items[*]}{.node}{'\\n'}{end}"])
  assert.deepEqual({ args, stderr, failed: code !== 0 && code !== 1 }, { args, stderr: "", failed: false })
  return [...new Set(stdout.trim().split("\n"))].sort()
}

const BOTH = ["node-1", "node-2"]

/** Resolves when the stream has had each of these lines. */
async function awaitLines(stream: Readable, wanted: readonly string[]): Promise<void> {
  const missing = new Set(wanted)
  for await (const line of createInterface(stream)) if (missing.delete(line) && missing.size === 0) return
  throw new Error(`it ended without ${[...missing].join(", ")}`)
}

test("from install to the first calls of both nodes, every verb, and back without a trace", LIMIT, async (t) => {
  const files = await allFiles()
  const [first, second] = cluster.nodes
  let hasFailed = false
  /** A step needs what those before it left: after a failure, which is explained, the others are skipped. */
  const step = (name: string, run: (own: TestContext) => Promise<void>) =>
    t.test(name, async (own) => {
      if (hasFailed) return own.skip("a step before it failed")
      const startMs = Date.now()
      // Until it has passed.
      hasFailed = true
      await explained(() => run(own))
      hasFailed = false
      own.diagnostic(`${Date.now() - startMs} ms`)
    })

  await step("install --dry-run shows both nodes and leaves nothing", async () => {
    const planned = await cnitap(["install", "--all", "--dry-run", "-o", "json"])
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

  await step("from install to the first recorded call on both nodes", async (own) => {
    const startMs = Date.now()
    const installed = await cnitap(["install", "--all", "--for", "1h"])
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
    let stdout = ""
    await until("both are recorded", async () => {
      stdout = (await cnitap(listed)).stdout
      return stdout.split("\n").length > 2
    })
    const firstCallMs = Date.now() - startMs
    own.diagnostic(`the first calls of both nodes: ${firstCallMs} ms`)
    assert.deepEqual(stdout.trim().split("\n").sort(), ["node-1 web-1", "node-2 web-2"])
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
    await until("the hang is seen", async () => (await cnitap(flying)).stdout === "node-1 trouble hang-1\n")
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
    const { stdout } = await first.exec([CLIENT, "ls", "--from", bundle, "command=ADD", "-o", "wide"])
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
    for (const node of cluster.nodes)
      await until("no process is left", async () => (await node.exec(["pgrep", "-f", "__attached"])).code === 1)
    await deletePods(...made)
  })

  await step("serve shows the calls of both nodes as they are recorded, on loopback only", async (own) => {
    const temporary = join(cluster.directory, "page")
    mkdirSync(temporary)
    const plugin = join(cluster.directory, "kubectl-cnitap")
    symlinkSync(join(DIST, "cnitap.js"), plugin)
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
    for (const node of cluster.nodes)
      await until("no process is left", async () => (await node.exec(["pgrep", "-f", "__attached"])).code === 1)
    await deletePods("page-1", "page-2")
  })

  await step("pods of another version are named, and install replaces them", async () => {
    const label = "app.kubernetes.io/version=0.0.9"
    await cluster.kubectl(["label", "pod", "-n", "cnitap", "cnitap-node-1", "--overwrite", label])
    const { stderr, code } = await cnitap(["ls", "-o", "name"])
    assert.match(
      stderr,
      /^cnitap: this is version [\d.]+, but 0\.0\.9 records on node-1\. `kubectl cnitap install` replaces it\.\n$/,
    )
    assert.equal(code, 0)
    const installed = await cnitap(["install", "--all", "--for", "1h"])
    assert.match(installed.stdout, /^node-2 .* recorded already$/m)
    assert.equal(installed.code, 0)
    assert.deepEqual([(await cnitap(["ls", "-o", "name"])).stderr, (await cnitap(["status"])).code], ["", 0])
  })

  await step("a recorder whose process is killed is started again and goes on", async () => {
    const pids = (await first.succeed(["pidof", "cnitap"])).trim().split(" ")
    await first.succeed(["kill", "-KILL", ...pids])
    await until("it has been started again", async () => {
      const count = [
        "get",
        "pod",
        "-n",
        "cnitap",
        "cnitap-node-1",
        "-o",
        "jsonpath={.status.containerStatuses[0].restartCount}",
      ]
      return (await cluster.kubectl(count)).stdout === "1"
    })
    await until("it records", async () => (await cnitap(["status"])).code === 0)
  })

  await step("a pod that is evicted restores its node; the other goes on", async () => {
    const eviction = {
      apiVersion: "policy/v1beta1",
      kind: "Eviction",
      metadata: { name: "cnitap-node-2", namespace: "cnitap" },
    }
    const evicted = await cluster.kubectl(
      ["create", "--raw", "/api/v1/namespaces/cnitap/pods/cnitap-node-2/eviction", "-f", "-"],
      { stdin: JSON.stringify(eviction) },
    )
    assert.equal(evicted.stderr, "")
    await until(
      "the pod is gone",
      async () => (await cluster.kubectl(["get", "pod", "-n", "cnitap", "cnitap-node-2"])).code !== 0,
    )
    assert.deepEqual(await second.files(), files[1])
    assert.deepEqual(await nodesOf("status"), ["node-1"])
    assert.equal((await cnitap(["install", "--all", "--for", "1h"])).code, 0)
    assert.deepEqual(await nodesOf("status"), BOTH)
  })

  await step(
    "one kubelet stopped: the other node answers, and uninstall says when the relays become inert",
    async () => {
      await cluster.createPod("web-3", "node-1")
      await cluster.awaitPod("web-3")
      await cluster.stopKubelet(second)
      const listed = await cnitap(["ls", "command=ADD", "-o", "custom-columns=NODE:.node,POD:.pod.name"])
      assert.match(listed.stdout, /^node-1 +web-3$/m)
      assert.match(listed.stderr, /^cnitap: no answer from node-2: .*10\.200\.0\.2:10250.*\n$/)
      assert.equal(listed.code, 7)
      const status = await cnitap(["status"])
      assert.match(status.stdout, /^node-1 +recording/m)
      assert.match(status.stdout, /^node-2 +silent/m)
      assert.equal(status.code, 7)
      await until("the API server has noticed", async () =>
        /node-2 +NotReady/.test((await cluster.kubectl(["get", "nodes"])).stdout),
      )
      const removed = await cnitap(["uninstall"])
      assert.match(removed.stdout, /^node-1 +restored/m)
      assert.match(
        removed.stderr,
        /^cnitap: no answer from node-2: .*; its relays stop recording at \d{4}-\d\d-\d\d \d\d:\d\d UTC, and then only pass calls on$/m,
      )
      assert.equal(removed.code, 7)
      assert.deepEqual(await first.files(), files[0])
      cluster.startKubelet(second)
      await namespaceGone()
      assert.deepEqual(await allFiles(), files)
      await deletePods("web-1", "web-2", "web-3", "fail-2", "hang-1")
      await until("the node is ready", async () =>
        /node-2 +Ready/.test((await cluster.kubectl(["get", "nodes"])).stdout),
      )
    },
  )

  await step("deleting the namespace by hand leaves no trace", async () => {
    assert.equal((await cnitap(["install", "--all"])).code, 0)
    await cluster.createPod("web-4", "node-2")
    await cluster.awaitPod("web-4")
    await cluster.kubectl(["delete", "namespace", "cnitap", "--wait=true"])
    assert.deepEqual(await allFiles(), files)
    await deletePods("web-4")
  })

  await step("the time is over: the pods end by themselves, and the files are as they were", async () => {
    assert.equal((await cnitap(["install", "--all", "--for", "1m"])).code, 0)
    const phases = ["get", "pods", "-n", "cnitap", "-o", "jsonpath={.items[*].status.phase}"]
    await until("the pods have ended", async () => (await cluster.kubectl(phases)).stdout === "Succeeded Succeeded")
    assert.deepEqual(await allFiles(), files)
    const status = await cnitap(["status", "-o", "jsonpath={range .items[*]}{.node} {.state}{'\\n'}{end}"])
    assert.deepEqual([status.stdout, status.code], ["node-1 over\nnode-2 over\n", 1])
    assert.equal((await cnitap(["uninstall"])).code, 0)
    await namespaceGone()
  })

  await step("status and ls name the nodes whose clocks differ", async () => {
    await cluster.importImage(second, await writeImageAhead(cluster.directory))
    assert.equal((await cnitap(["install", "--node", "node-1"])).code, 0)
    assert.equal((await cnitap(["install", "--node", "node-2", "--image", AHEAD_IMAGE])).code, 0)
    await cluster.createPod("web-5", "node-1")
    await cluster.createPod("web-6", "node-2")
    await cluster.awaitPod("web-5")
    await cluster.awaitPod("web-6")
    const clocks =
      /^cnitap: the clocks of node-1 and node-2 differ by (?:9m\d\ds|10m0s), so the order of their calls is wrong\. Synchronize the clocks, for example with chrony\.\n$/
    for (const args of [["status"], ["ls"]]) {
      const { stderr, code } = await cnitap(args)
      assert.match(stderr, clocks)
      assert.equal(code, 0)
    }
    await deletePods("web-5", "web-6")
    assert.equal((await cnitap(["uninstall"])).code, 0)
    await namespaceGone()
    assert.deepEqual(await allFiles(), files)
  })

  await step("the manifests are accepted, are read like any recorder, and leave no trace", async () => {
    const manifests = (await cluster.kubectl(["kustomize", join(DEPLOY, "base")])).stdout
    const created = await cluster.kubectl(["create", "--validate=false", "-f", "-"], { stdin: manifests })
    assert.equal(created.stderr, "")
    await until("both nodes are recorded", async () => (await cnitap(["status"])).code === 0)
    const { stderr, code } = await cnitap(["uninstall"])
    assert.match(stderr, /^cnitap: DaemonSet\/cnitap would start the pods of node-1 and node-2 again\. /)
    assert.equal(code, 5)
    await cluster.kubectl(["delete", "-f", "-", "--wait=true"], { stdin: manifests })
    assert.deepEqual(await allFiles(), files)
  })

  await step("the API server accepts the manifests of every platform", async () => {
    for (const platform of ["k3s", "microk8s", "gke", "openshift"]) {
      const manifests = (await cluster.kubectl(["kustomize", join(DEPLOY, "overlays", platform)])).stdout
      // Objects of a namespace are accepted only where it exists.
      const objects = manifests.replace(/^( +namespace:) cnitap$/gm, "$1 default")
      const accepted = await cluster.kubectl(["create", "--dry-run=server", "--validate=false", "-f", "-"], {
        stdin: objects,
      })
      assert.deepEqual({ platform, stderr: accepted.stderr, code: accepted.code }, { platform, stderr: "", code: 0 })
    }
  })

  await step("a recorder by kubectl debug, without any of this", async () => {
    const profile = ["--profile=sysadmin", "--image=cnitap:0.1.0", "--image-pull-policy=Never"]
    const command = ["/cnitap", "plan", "--root", "/host", "-o", "name"]
    const debugged = await cluster.kubectl(["debug", "node/node-2", ...profile, "-q", "--", ...command])
    assert.equal(debugged.code, 0, debugged.stderr)
    // --attach prints nothing where the process ends before kubectl is attached.
    const pods = (await cluster.kubectl(["get", "pods", "-o", "name"])).stdout.split("\n")
    const own = pods.find((pod) => pod.startsWith("pod/node-debugger-node-2-")) ?? "the pod of kubectl debug"
    const phase = ["get", own, "-o", "jsonpath={.status.phase}"]
    await until("it has ended", async () => (await cluster.kubectl(phase)).stdout === "Succeeded")
    const planned = await cluster.kubectl(["logs", own])
    assert.match(planned.stdout, /^plan\//m)
    await cluster.kubectl(["delete", own])
  })

  await step("the roles in deploy/ suffice, and without one there is one clear sentence", async () => {
    assert.match(
      (await cnitap(["install", "--all"], "dev")).stderr,
      /^cnitap: Error from server \(Forbidden\): nodes is forbidden: .*deploy\/rbac\.yaml/,
    )
    assert.match(
      (await cnitap(["ls"], "dev")).stderr,
      /^cnitap: Error from server \(Forbidden\): pods is forbidden: .*\n$/,
    )
    for (const args of [
      ["create", "--validate=false", "-f", join(DEPLOY, "rbac.yaml")],
      ["create", "clusterrolebinding", "dev", "--clusterrole=cnitap-nodes", "--user=dev"],
      ["create", "rolebinding", "dev", "-n", "cnitap", "--role=cnitap", "--user=dev"],
      ["create", "rolebinding", "reader", "-n", "cnitap", "--role=cnitap-reader", "--user=reader"],
    ])
      assert.equal((await cluster.kubectl(args)).stderr, "")
    assert.equal((await cnitap(["install", "--all"], "dev")).code, 0)
    assert.equal((await cnitap(["ls"], "reader")).code, 0)
    assert.match(
      (await cnitap(["install", "--node", "node-1"], "reader")).stderr,
      /^cnitap: Error from server \(Forbidden\): /,
    )
    const removed = await cnitap(["uninstall"], "dev")
    assert.deepEqual(
      [removed.stderr, removed.code],
      ["cnitap: the namespace cnitap is empty and stays, because you may not delete it\n", 0],
    )
    assert.deepEqual(await allFiles(), files)
    await cluster.kubectl(["delete", "namespace", "cnitap"])
  })

  await step("a plugin directory that cannot be written is refused with the reason", async () => {
    const script = "mount --bind /opt/cni/bin /opt/cni/bin && mount -o remount,ro,bind /opt/cni/bin"
    await second.succeed(["sh", "-c", script])
    const { stdout, stderr, code } = await cnitap(["install", "--node", "node-2"])
    t.diagnostic(JSON.stringify({ stdout, stderr, code }))
    assert.match(stderr, /^cnitap: node-2 is not recorded: .*\/opt\/cni\/bin.*read-only/)
    assert.equal(code, 7)
    await second.succeed(["umount", "/opt/cni/bin"])
    assert.deepEqual(await allFiles(), files)
    await namespaceGone()
  })

  await step("an image that is not there is named with the kubelet's reason", async () => {
    const { stderr, code } = await cnitap(["install", "--node", "node-1", "--image", "127.0.0.1:1/none:1"])
    assert.match(stderr, /^cnitap: node-1 is not recorded: ErrImagePull: .*127\.0\.0\.1:1\/none:1/)
    assert.equal(code, 7)
    assert.deepEqual(await allFiles(), files)
  })
})
