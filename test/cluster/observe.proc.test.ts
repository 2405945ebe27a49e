import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import type { Node } from "../install/node.ts"
import type { FakeCluster } from "./fake-cluster.ts"
import { twoNodes } from "./two-nodes.ts"

test("install --mode observe changes nothing on a node; calls are seen; uninstall leaves no trace", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  cluster.state.program = NODE_EXECUTABLE
  for (const node of nodes) node.directory("/tmp", 0o777)
  const before = await trees(nodes)
  const installed = await cluster.cnitap(["install", "--all", "--mode", "observe", "--for", "30m"])
  assert.deepEqual(
    [installed.stdout, installed.code],
    [
      [
        "NODE     MODE      RUNTIME   PLUGIN DIRECTORIES   RECORDS              REMARKS",
        "node-1   observe   -         /opt/cni/bin         bridge, host-local   -",
        "node-2   observe   -         /opt/cni/bin         bridge, host-local   -",
        "",
      ].join("\n"),
      0,
    ],
  )
  for (const directory of ["/opt", "/etc", "/var"])
    assert.deepEqual(
      await trees(nodes, directory),
      before.map((tree) => below(directory, tree)),
    )
  for (const node of nodes) call(node)
  const listed = async () => (await cluster.cnitap(["ls", "-o", "jsonpath={range .items[*]}{.node} {end}"])).stdout
  while ((await listed()).split(" ").length < 3) await sleep(50)
  const status = await cluster.cnitap(["status"])
  assert.match(status.stdout, /^node-1 +recording +\d+m +2 files observed +0\.0 MiB +-$/m)
  assert.equal(status.code, 0)
  const removed = await cluster.cnitap(["uninstall"])
  assert.deepEqual([removed.stderr, removed.code], ["", 0])
  assert.deepEqual(await trees(nodes), before)
})

test("each node is recorded as its kernel allows, and the plan says why one is not observed", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  for (const node of nodes) node.directory("/tmp", 0o777)
  // Both nodes have this machine's kernel. That of node-1 is to let an observer follow pipes.
  runBy(cluster, `[[ " $* " != *" ${nodes[0]?.root} "* ]] || set -- "\${@/#--mode=auto/--mode=observe}"`)
  const installed = await cluster.cnitap(["install", "--all"])
  assert.deepEqual(
    [installed.stdout.split("\n"), installed.code],
    [
      [
        "NODE     MODE      RUNTIME   PLUGIN DIRECTORIES   RECORDS              REMARKS",
        "node-1   observe   -         /opt/cni/bin         bridge, host-local   -",
        "node-2   swap      -         /opt/cni/bin         bridge, host-local   not observed: the kernel of this node is not known",
        "",
      ],
      0,
    ],
  )
  const rightsOf = (node: string) => {
    const pod = JSON.parse(readFileSync(join(cluster.directory, `pods/cnitap-${node}.json`), "utf8"))
    const [{ args, securityContext }] = pod.spec.containers
    return [args.at(-1), securityContext.capabilities.add.includes("BPF")]
  }
  assert.deepEqual(rightsOf("node-1"), ["--mode=observe", true])
  assert.deepEqual(rightsOf("node-2"), ["--mode=swap", false])
  for (const node of nodes) call(node)
  const listed = async () => (await cluster.cnitap(["ls", "-o", "jsonpath={range .items[*]}{.node} {end}"])).stdout
  while ((await listed()).split(" ").length < 3) await sleep(50)
  assert.equal(await listed(), "node-1 node-2 ")
})

test("where SELinux enforces, a privileged pod tries what the kernel allows", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  nodes[0]?.file("/sys/fs/selinux/enforce", "1")
  // The first look on each node is refused what SELinux refuses to a pod that is not privileged.
  runBy(cluster, `first="$3/first"\n[ ! -e "$first" ] || set -- "\${@/#--mode=auto/--mode=observe}"\ntouch "$first"`)
  const planned = await cluster.cnitap(["install", "--all", "--dry-run", "-o", "json"])
  const { items } = JSON.parse(planned.stdout) as { items: Record<string, unknown>[] }
  assert.deepEqual(
    items.map(({ name, mode, notObserved, selinux }) => ({ name, mode, notObserved, selinux })),
    [
      { name: "node-1", mode: "observe", notObserved: undefined, selinux: "enforcing" },
      { name: "node-2", mode: "swap", notObserved: "the kernel of this node is not known", selinux: "disabled" },
    ],
  )
  const looks = cluster.created().map(({ spec }) => [spec.nodeName, spec.containers[0]?.securityContext?.privileged])
  assert.deepEqual(looks, [
    ["node-1", false],
    ["node-2", false],
    ["node-1", true],
  ])
})

test("a node whose container runtime does not know CAP_BPF is recorded by replaced plugins", async (t) => {
  const { cluster } = twoNodes(t)
  const node = cluster.state.nodes["node-2"]
  if (node) node.unknownCapability = "BPF"
  const planned = await cluster.cnitap(["install", "--node", "node-2", "--dry-run", "-o", "json"])
  const [{ mode, notObserved, refusal }] = JSON.parse(planned.stdout).items
  assert.deepEqual(
    { mode, notObserved, refusal },
    { mode: "swap", notObserved: "the container runtime does not know CAP_BPF", refusal: undefined },
  )
})

test("the pod of an observer writes to no directory of the node, and has only the rights to follow plugins", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  cluster.state.program = NODE_EXECUTABLE
  for (const node of nodes) node.directory("/tmp", 0o777)
  assert.equal((await cluster.cnitap(["install", "--node", "node-1", "--mode", "observe"])).code, 0)
  const pod = JSON.parse(readFileSync(join(cluster.directory, "pods/cnitap-node-1.json"), "utf8"))
  const [{ args, env, securityContext, volumeMounts }] = pod.spec.containers
  assert.deepEqual(
    { args, env, securityContext, volumeMounts, volumes: pod.spec.volumes },
    {
      args: ["install", "--root", "/host", "--stay", "--purge", "--for", "2h", "--mode=observe"],
      env: [{ name: "CNITAP_CAPTURE", value: "/tmp/cnitap/capture" }],
      securityContext: {
        runAsUser: 0,
        runAsGroup: 0,
        readOnlyRootFilesystem: true,
        privileged: false,
        allowPrivilegeEscalation: false,
        capabilities: {
          drop: ["ALL"],
          add: ["DAC_READ_SEARCH", "SYS_PTRACE", "SYS_CHROOT", "BPF", "PERFMON", "SYS_NICE"],
        },
        seccompProfile: { type: "Unconfined" },
      },
      volumeMounts: [
        { name: "host", mountPath: "/host", readOnly: true, mountPropagation: "HostToContainer" },
        { name: "temporary", mountPath: "/tmp" },
        { name: "temporary", mountPath: "/host/tmp" },
      ],
      volumes: [
        { name: "host", hostPath: { path: "/", type: "Directory" } },
        { name: "temporary", emptyDir: { sizeLimit: "512Mi" } },
      ],
    },
  )
  await cluster.cnitap(["uninstall"])
})

test("a pod of an observer that was killed has left nothing", async (t) => {
  const { cluster, nodes } = twoNodes(t)
  cluster.state.program = NODE_EXECUTABLE
  for (const node of nodes) node.directory("/tmp", 0o777)
  assert.equal((await cluster.cnitap(["install", "--node", "node-1", "--mode", "observe"])).code, 0)
  const { pid } = JSON.parse(readFileSync(join(cluster.directory, "pods/cnitap-node-1.process"), "utf8"))
  // With the container all of its processes end, also the observer, which has a session of its own.
  const observer = JSON.parse((await cluster.cnitap(["status", "-o", "json"])).stdout).items[0].status.installs[0]
    .observer
  for (const id of [observer.pid, -pid]) process.kill(id, "SIGKILL")
  const status = await cluster.cnitap(["status"])
  assert.match(status.stdout, /^node-1 +over .* Error: exit status 137$/m)
  const removed = await cluster.cnitap(["uninstall"])
  assert.match(removed.stdout, /^node-1 +restored +- +-$/m)
  assert.equal(removed.code, 0)
})

/** What the pods run is the node executable, after lines of Bash that may change its arguments. */
function runBy({ state, directory }: FakeCluster, lines: string): void {
  state.program = join(directory, "bin/program")
  writeFileSync(state.program, `#!/bin/bash\n${lines}\nexec ${NODE_EXECUTABLE} "$@"\n`, { mode: 0o755 })
}

async function trees(nodes: readonly Node[], directory?: string): Promise<Record<string, string>[]> {
  const found: Record<string, string>[] = []
  for (const node of nodes) found.push(await node.tree(directory))
  return found
}

function below(directory: string, tree: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => path.startsWith(`${directory}/`)))
}

/** Executes a plugin in the node's root, as a runtime would. */
function call(node: Node): void {
  const env = { CNI_COMMAND: "ADD", CNI_CONTAINERID: "c1", CNI_NETNS: "/var/run/netns/c1", CNI_IFNAME: "eth0" }
  execFileSync("chroot", [node.root, `${node.binDir}/bridge`], {
    env: { PATH: process.env.PATH, ...env },
    input: '["out {}"]',
  })
}
