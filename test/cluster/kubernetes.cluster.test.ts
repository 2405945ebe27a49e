import assert from "node:assert/strict"
import { existsSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { Ran } from "../cli/cnitap.ts"
import { until } from "./kubernetes/cluster-node.ts"
import { Kubernetes } from "./kubernetes/kubernetes.ts"

const DIST = join(import.meta.dirname, "../../dist")
const IMAGE = join(DIST, "cnitap-image.tar")

let cluster: Kubernetes

before(async () => {
  assert.ok(existsSync(IMAGE), "dist/cnitap-image.tar is missing: npm run build:image")
  cluster = new Kubernetes()
  await cluster.start()
  symlinkSync(join(DIST, "cnitap.js"), join(cluster.directory, "bin/kubectl-cnitap"))
  for (const node of cluster.nodes) await cluster.importImage(node, IMAGE)
})
after(() => cluster?.stop())

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

test("from install to the first calls of both nodes, every verb, and back without a trace", async (t) => {
  const files = await allFiles()
  await t.test("install --dry-run shows both nodes and leaves nothing", async () => {
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
      ["node-1", "node-2"].map((name) => ({
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

  await t.test("install records both nodes", async () => {
    const startMs = Date.now()
    const installed = await cnitap(["install", "--all", "--for", "1h"])
    t.diagnostic(`install took ${Date.now() - startMs} ms`)
    assert.match(installed.stderr, /^cnitap: node-1 and node-2 recorded until .* UTC\. NEXT /)
    assert.equal(installed.code, 0)
    for (const [name, node] of [
      ["web-1", "node-1"],
      ["web-2", "node-2"],
      ["fail-2", "node-2"],
      ["hang-1", "node-1"],
    ] as const)
      await cluster.createPod(name, node)
    await cluster.awaitPod("web-1")
    await cluster.awaitPod("web-2")
  })

  await t.test("ls, tail, ps, explain, show, status and the others answer for both nodes", async () => {
    const listed = await cnitap([
      "ls",
      "command=ADD and outcome=ok",
      "-o",
      "jsonpath={range .items[*]}{.node} {.pod.name}{'\\n'}{end}",
    ])
    assert.deepEqual(listed.stdout.trim().split("\n").sort(), ["node-1 web-1", "node-2 web-2"])
    await until("the failure is recorded", async () => (await cnitap(["ls", "--failed", "-o", "name"])).stdout !== "")
    const explained = await cnitap(["explain", "fail-2"])
    assert.match(explained.stdout, /no route to the agent/)
    const hanging = await cnitap(["ps", "-o", "jsonpath={range .items[*]}{.node} {.plugin} {.pod.name}{'\\n'}{end}"])
    assert.match(hanging.stdout, /^node-1 trouble hang-1$/m)
    assert.match((await cnitap(["show", "web-2"])).stdout, /default\/web-2/)
    assert.equal((await cnitap(["tail", "--last", "3"])).stdout.trim().split("\n").length, 4)
    const address = (await cluster.kubectl(["get", "pod", "web-2", "-o", "jsonpath={.status.podIP}"])).stdout
    assert.match((await cnitap(["who-owns", address])).stdout, /node-2 +default\/web-2/)
    assert.match((await cnitap(["ledger"])).stdout, /^up .*node-1 +default\/web-1/m)
    assert.match((await cnitap(["stats"])).stdout, /^\d+ calls/)
    assert.equal((await cnitap(["diff", "web-1", "web-2"])).stderr, "")
    assert.match((await cnitap(["doctor"])).stdout, /^NODE +SEVERITY|^$/)
    assert.match((await cnitap(["export", "jsonl"])).stdout, /"kind":"Call"/)
    assert.match((await cnitap(["lint"])).stderr, /^$/)
    const status = await cnitap(["status", "-o", "jsonpath={range .items[*]}{.node} {.state}{'\\n'}{end}"])
    assert.deepEqual([status.stdout, status.code], ["node-1 recording\nnode-2 recording\n", 0])
  })

  await t.test("uninstall restores both nodes, byte for byte", async () => {
    await deletePods("web-1", "web-2", "fail-2", "hang-1")
    const removed = await cnitap(["uninstall"])
    assert.deepEqual([removed.stderr, removed.code], ["", 0])
    assert.match(removed.stdout, /^node-1 +restored.*\nnode-2 +restored/m)
    await namespaceGone()
    assert.deepEqual(await allFiles(), files)
  })

  await t.test("deleting the namespace by hand leaves no trace", async () => {
    assert.equal((await cnitap(["install", "--all"])).code, 0)
    await cluster.createPod("web-3", "node-2")
    await cluster.awaitPod("web-3")
    await cluster.kubectl(["delete", "namespace", "cnitap", "--wait=true"])
    assert.deepEqual(await allFiles(), files)
    await deletePods("web-3")
  })

  await t.test("the time is over: the pods end by themselves, and the files are as they were", async () => {
    assert.equal((await cnitap(["install", "--node", "node-2", "--for", "2m"])).code, 0)
    await until(
      "the pod has ended",
      async () => {
        const { stdout } = await cluster.kubectl([
          "get",
          "pods",
          "-n",
          "cnitap",
          "-o",
          "jsonpath={.items[*].status.phase}",
        ])
        return stdout === "Succeeded"
      },
      240_000,
    )
    assert.deepEqual(await allFiles(), files)
    assert.equal((await cnitap(["uninstall"])).code, 0)
    await namespaceGone()
  })

  await t.test("the manifests are accepted, are read like any recorder, and leave no trace", async () => {
    const manifests = (await cluster.kubectl(["kustomize", join(import.meta.dirname, "../../deploy/base")])).stdout
    const created = await cluster.kubectl(["create", "--validate=false", "-f", "-"], { stdin: manifests })
    assert.equal(created.stderr, "")
    await until("both nodes are recorded", async () => (await cnitap(["status"])).code === 0)
    const { stderr, code } = await cnitap(["uninstall"])
    assert.match(stderr, /^cnitap: DaemonSet\/cnitap would start the pods of node-1 and node-2 again\. /)
    assert.equal(code, 5)
    await cluster.kubectl(["delete", "-f", "-", "--wait=true"], { stdin: manifests })
    assert.deepEqual(await allFiles(), files)
  })

  await t.test("the roles in deploy/ suffice, and without one there is one clear sentence", async () => {
    assert.match(
      (await cnitap(["install", "--all"], "dev")).stderr,
      /^cnitap: Error from server \(Forbidden\): nodes is forbidden: .*deploy\/rbac\.yaml/,
    )
    assert.match(
      (await cnitap(["ls"], "dev")).stderr,
      /^cnitap: Error from server \(Forbidden\): pods is forbidden: .*\n$/,
    )
    const roles = join(import.meta.dirname, "../../deploy/rbac.yaml")
    for (const args of [
      ["create", "--validate=false", "-f", roles],
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

  await t.test("an image that is not there is named with the kubelet's reason", async () => {
    const { stderr, code } = await cnitap(["install", "--node", "node-1", "--image", "cnitap.local/none:1"])
    assert.match(stderr, /^cnitap: node-1 is not recorded: ErrImagePull: .*cnitap\.local\/none:1/)
    assert.equal(code, 7)
    assert.deepEqual(await allFiles(), files)
  })
})
