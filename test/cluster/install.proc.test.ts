import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import type { Ran } from "../cli/cnitap.ts"
import { callBridge } from "../install/call-bridge.ts"
import type { Node } from "../install/node.ts"
import type { FakeCluster } from "./fake-cluster.ts"
import { twoNodes } from "./two-nodes.ts"

test("install looks, installs and says until when; calls of all nodes are seen; uninstall leaves no trace", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  const before = await trees(nodes)
  const installed = await cluster.cnitap(["install", "--all", "--mode", "swap", "--for", "30m"])
  assert.deepEqual(lines(installed.stdout), [
    "NODE  MODE  RUNTIME  PLUGIN DIRECTORIES  RECORDS  REMARKS",
    "node-1  swap  -  /opt/cni/bin  bridge, host-local  -",
    "node-2  swap  -  /opt/cni/bin  bridge, host-local  -",
  ])
  assert.match(
    installed.stderr,
    /^cnitap: node-1 and node-2 recorded until \d{4}-\d\d-\d\d \d\d:\d\d UTC\. NEXT `kubectl cnitap ls`, `kubectl cnitap uninstall`\n$/,
  )
  assert.equal(installed.code, 0)
  for (const node of nodes) callBridge(node)
  assert.equal((await cluster.cnitap(["ls", "-o", "jsonpath={range .items[*]}{.node} {end}"])).stdout, "node-1 node-2 ")
  const status = await cluster.cnitap(["status"])
  assert.deepEqual(
    [
      lines(status.stdout).map((line) => line.replace(/ {2}[\d.]+ MiB/, "  SIZE").replace(/ {2}\d+m/, "  T")),
      status.code,
    ],
    [
      [
        "NODE  STATE  LEFT  RECORDED  CAPTURE  WHY",
        "node-1  recording  T  bridge, host-local  SIZE  -",
        "node-2  recording  T  bridge, host-local  SIZE  -",
      ],
      0,
    ],
  )
  const again = await cluster.cnitap(["install", "--node", "node-1"])
  assert.match(again.stdout, /node-1 .* recorded already/)
  assert.equal(again.code, 0)
  const removed = await cluster.cnitap(["uninstall"])
  assert.deepEqual(
    [lines(removed.stdout), removed.stderr, removed.code],
    [
      [
        "NODE  RESULT  FILES  REMARKS",
        "node-1  restored  /opt/cni/bin/host-local, /opt/cni/bin/bridge  -",
        "node-2  restored  /opt/cni/bin/host-local, /opt/cni/bin/bridge  -",
      ],
      "",
      0,
    ],
  )
  assert.deepEqual(await trees(nodes), before)
  assert.deepEqual(left(cluster), [])
  assert.deepEqual(await cluster.cnitap(["uninstall"]), {
    stdout: "",
    stderr: "no node of this cluster is recorded\n",
    code: 6,
  })
})

test("deleting the namespace by hand leaves no trace either", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  const before = await trees(nodes)
  assert.equal((await cluster.cnitap(["install", "--all"])).code, 0)
  for (const node of nodes) callBridge(node)
  execFileSync("kubectl", ["delete", "namespace", "cnitap"], { env: cluster.env() })
  assert.deepEqual(await trees(nodes), before)
})

test("--dry-run shows the plan of each node and removes all that it created", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  const before = await trees(nodes)
  nodes[1]?.delete("/etc/cni/net.d/10-pods.conflist")
  const planned = await cluster.cnitap(["install", "--all", "--dry-run", "-o", "json"])
  const { kind, items } = JSON.parse(planned.stdout) as { kind: string; items: Record<string, unknown>[] }
  assert.deepEqual(
    [kind, items.map(({ name, recorded, refusal, selinux }) => ({ name, recorded, refusal, selinux }))],
    [
      "NodePlanList",
      [
        { name: "node-1", recorded: ["bridge", "host-local"], refusal: undefined, selinux: "disabled" },
        {
          name: "node-2",
          recorded: [],
          refusal: "/etc/cni/net.d has no network configuration, so the plugins to record are not known",
          selinux: "disabled",
        },
      ],
    ],
  )
  assert.equal(planned.code, 5)
  assert.deepEqual((await trees(nodes))[0], before[0])
  assert.deepEqual(left(cluster), [])
})

test("a node whose image cannot be pulled, that refuses or that is not ready does not keep the others from being recorded", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  const [, second] = nodes
  second?.delete("/etc/cni/net.d/10-pods.conflist")
  cluster.addNode("node-3")
  const { nodes: states } = cluster.state
  states["node-3"] = {
    root: "/nonexistent",
    imageError: {
      reason: "ErrImageNeverPull",
      message: 'Container image "cnitap:0.1.0" is not present with pull policy of Never',
    },
  }
  const installed = await cluster.cnitap(["install", "--all"])
  assert.deepEqual(
    installed.stderr
      .replace(/until .* UTC/, "until T")
      .trim()
      .split("\n"),
    [
      "cnitap: node-2 is not recorded: /etc/cni/net.d has no network configuration, so the plugins to record are not known",
      'cnitap: node-3 is not recorded: ErrImageNeverPull: Container image "cnitap:0.1.0" is not present with pull policy of Never',
      "cnitap: node-1 recorded until T. NEXT `kubectl cnitap ls`, `kubectl cnitap uninstall`",
    ],
  )
  assert.equal(installed.code, 7)
  assert.deepEqual(left(cluster), ["cnitap-node-1", "namespace"])
  await cluster.cnitap(["uninstall"])
})

test("uninstall names a node that gives no answer, and when its relays stop recording", async (t) => {
  const { cluster } = twoNodes(t)
  assert.equal((await cluster.cnitap(["install", "--all"])).code, 0)
  const node = cluster.state.nodes["node-2"]
  if (node) node.execError = "Error from server: error dialing backend: dial tcp 10.0.0.9:10250: i/o timeout"
  const removed = await cluster.cnitap(["uninstall"])
  assert.match(
    removed.stderr,
    /^cnitap: no answer from node-2: Error from server: error dialing backend: .* i\/o timeout; its relays stop recording at \d{4}-\d\d-\d\d \d\d:\d\d UTC, and then only pass calls on\n$/,
  )
  assert.equal(removed.code, 7)
  assert.match(removed.stdout, /^node-1 +restored/m)
})

test("a pod that was killed is named by status, and uninstall and install restore what it left", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  const before = await trees(nodes)
  const kill = async () => {
    assert.equal((await cluster.cnitap(["install", "--all"])).code, 0)
    const { pid } = JSON.parse(readFileSync(join(cluster.directory, "pods/cnitap-node-2.process"), "utf8"))
    process.kill(-pid, "SIGKILL")
    assert.notDeepEqual((await trees(nodes))[1], before[1])
  }
  await kill()
  const status = await cluster.cnitap(["status", "--node", "node-2"])
  assert.match(
    status.stdout,
    /^node-2 +over .* Error: exit status 137; it may have left its relays: kubectl cnitap uninstall removes them$/m,
  )
  assert.equal(status.code, 1)
  const removed = await cluster.cnitap(["uninstall"])
  assert.deepEqual(
    [lines(removed.stdout).slice(1), removed.stderr, removed.code],
    [
      [
        "node-1  restored  /opt/cni/bin/host-local, /opt/cni/bin/bridge  -",
        "node-2  restored  /opt/cni/bin/host-local, /opt/cni/bin/bridge  -",
      ],
      "",
      0,
    ],
  )
  assert.deepEqual(await trees(nodes), before)
  await kill()
  assert.equal((await cluster.cnitap(["install", "--node", "node-2"])).code, 0)
  assert.equal((await cluster.cnitap(["status"])).code, 0)
  assert.equal((await cluster.cnitap(["uninstall"])).code, 0)
  assert.deepEqual(await trees(nodes), before)
  assert.deepEqual(left(cluster), [])
})

test("status names nodes whose clocks differ", async (t) => {
  const { cluster } = twoNodes(t)
  assert.equal((await cluster.cnitap(["install", "--all"])).code, 0)
  const [first, second] = Object.values(cluster.state.nodes)
  if (first && second) first.clockOffsetMs = second.clockOffsetMs = 3_600_000
  assert.equal((await cluster.cnitap(["status"])).stderr, "")
  if (first) first.clockOffsetMs = 3_000_000
  const { stderr, code } = await cluster.cnitap(["status"])
  assert.match(
    stderr,
    /^cnitap: the clocks of node-1 and node-2 differ by (?:9m\d\ds|10m0s), so the times of their calls cannot be compared\. Synchronize the clocks, for example with chrony\.\n$/,
  )
  assert.equal(code, 0)
  for (const node of Object.values(cluster.state.nodes)) delete node.clockOffsetMs
})

test("Ctrl-C during an install removes what it has created", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  const before = await trees(nodes)
  const state = cluster.state.nodes["node-2"]
  // Its pod never starts.
  if (state) state.isUnreachable = true
  const installing = cluster.start(["install", "--all"])
  const closed = once(installing, "close")
  while (!left(cluster).includes("cnitap-look-node-2")) await sleep(50)
  installing.kill("SIGINT")
  assert.deepEqual(await closed, [130, null])
  assert.deepEqual(left(cluster), [])
  assert.deepEqual(await trees(nodes), before)
  delete state?.isUnreachable
})

test("pods have no token, no right that they do not need, and no host path that does not exist", async (t) => {
  const { cluster } = twoNodes(t)
  assert.equal((await cluster.cnitap(["install", "--node", "node-1"])).code, 0)
  const pod = JSON.parse(readFileSync(join(cluster.directory, "pods/cnitap-node-1.json"), "utf8"))
  const [{ securityContext, volumeMounts }] = pod.spec.containers
  assert.deepEqual(
    {
      token: pod.spec.automountServiceAccountToken,
      deadline: pod.spec.activeDeadlineSeconds,
      tolerations: pod.spec.tolerations,
      volumes: pod.spec.volumes.map(({ hostPath }: { hostPath?: object }) => hostPath ?? "emptyDir"),
      mounts: volumeMounts.map(({ mountPath, readOnly = false }: { mountPath: string; readOnly?: boolean }) => [
        mountPath,
        readOnly,
      ]),
      privileged: securityContext.privileged,
      readOnlyRootFilesystem: securityContext.readOnlyRootFilesystem,
    },
    {
      token: false,
      deadline: 7260,
      tolerations: [{ operator: "Exists" }],
      volumes: [{ path: "/", type: "Directory" }, "emptyDir", { path: "/opt/cni/bin", type: "Directory" }],
      mounts: [
        ["/host", true],
        ["/tmp", false],
        ["/host/opt/cni/bin", false],
      ],
      privileged: false,
      readOnlyRootFilesystem: true,
    },
  )
  const namespace = JSON.parse(readFileSync(join(cluster.directory, "namespace.json"), "utf8"))
  assert.equal(namespace.metadata.labels["pod-security.kubernetes.io/enforce"], "privileged")
  await cluster.cnitap(["uninstall"])
})

test("mistakes: no node chosen, no such node, no right to create pods", async (t) => {
  const { cluster } = twoNodes(t)
  const failing = async (...args: string[]) => {
    const { stdout, stderr, code } = await cluster.cnitap(args)
    assert.equal(stdout, "")
    return [stderr, code]
  }
  assert.deepEqual(await failing("install"), [
    "cnitap: no node is chosen. Use one of --node NAME, --selector LABEL=VALUE and --all.\n",
    2,
  ])
  assert.deepEqual(await failing("install", "--node", "node-9"), [
    "cnitap: the cluster has no node node-9. List them with `kubectl get nodes`.\n",
    6,
  ])
  assert.deepEqual(await failing("install", "--all", "--for", "soon"), [
    "cnitap: --for soon is not a duration. Write --for 30m or --for 2h.\n",
    2,
  ])
  cluster.state.forbidden = ["create"]
  const [stderr, code] = await failing("install", "--all")
  assert.match(String(stderr), /^cnitap: Error from server \(Forbidden\): .* Ask for the roles in deploy\/rbac.yaml/)
  assert.equal(code, 4)
  assert.deepEqual(left(cluster), [])
})

async function trees(nodes: readonly Node[]): Promise<Record<string, string>[]> {
  const found: Record<string, string>[] = []
  for (const node of nodes) found.push(await node.tree())
  return found
}

/** What is left in the API server. */
function left({ directory }: FakeCluster): string[] {
  const pods = readdirSync(join(directory, "pods")).flatMap((name) => /^(.*)\.json$/.exec(name)?.[1] ?? [])
  return [...pods, ...(existsSync(join(directory, "namespace.json")) ? ["namespace"] : [])]
}

function lines(text: Ran["stdout"]): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/ {2,}/g, "  ").trim())
}
