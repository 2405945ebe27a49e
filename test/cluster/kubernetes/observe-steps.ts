import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { compiled } from "../../doubles/double.ts"
import { Agent } from "./agent.ts"
import { BOTH, type Session } from "./session.ts"
import { until, untilEqual } from "./until.ts"

const BPF_PROGRAMS = join(import.meta.dirname, "../../doubles/bpf-programs.c")
const loadedPrograms = () => Number(execFileSync(compiled(BPF_PROGRAMS)))

/** Both nodes are followed from the kernel, with none of their files changed. None is recorded before and afterwards. */
export async function observeSteps({ step, cluster, files, cnitap, allFiles, namespaceGone, deletePods }: Session) {
  const [first, second] = cluster.nodes
  const programsBefore = loadedPrograms()
  /** A line of these members for each call or operation that a verb lists. */
  const rows = async (verb: string, filter: string, ...members: string[]): Promise<string[]> => {
    const text = members.map((member) => `{${member}}`).join(" ")
    const { stdout } = await cnitap([verb, filter, "-o", `jsonpath={range .items[*]}${text}{'\\n'}{end}`])
    return stdout.split("\n").filter(Boolean).sort()
  }

  await step("observe: the calls of both nodes, each on its own node, and no file is changed", async () => {
    const installed = await cnitap(["install", "--all", "--mode", "observe", "--for", "1h"])
    assert.equal(installed.code, 0, installed.stderr)
    assert.deepEqual(await allFiles(), files)
    await cluster.createPod("seen-1", "node-1")
    await cluster.createPod("seen-2", "node-2")
    for (const pod of ["seen-1", "seen-2"]) await cluster.awaitPod(pod)
    const added = () => rows("ls", "command=ADD and ifname=eth0", ".node", ".pod.name", ".outcome")
    await untilEqual(added, ["node-1 seen-1 ok", "node-2 seen-2 ok"])
    // As swap records it, and loopback.
    assert.deepEqual(
      await rows("tail", "pod=seen-1 and command=ADD", ".depth", ".parentName", ".plugin", ".exit.code"),
      ["0 containerd bridge 0", "0 containerd loopback 0", "0 containerd trouble 0", "1 bridge host-local 0"],
    )
    await deletePods("seen-1", "seen-2")
    // The kubelet deletes them several times, also twice at once, of which one may fail.
    const deleted = async () => [
      ...new Set(await rows("ls", "command=DEL and ifname=eth0 and outcome=ok", ".node", ".pod.name")),
    ]
    await untilEqual(deleted, ["node-1 seen-1", "node-2 seen-2"])
    assert.deepEqual(await allFiles(), files)
  })

  await step("observe: a plugin that fails, and one that hangs and is killed", async () => {
    await cluster.createPod("fail-3", "node-2")
    const failed = () => rows("ls", "pod=fail-3 and outcome=failed and command=ADD", ".node")
    await until("the failure is recorded", async () => (await failed()).includes("node-2"))
    assert.match((await cnitap(["explain", "fail-3"])).stdout, /no route to the agent/)
    await cluster.createPod("hang-3", "node-1")
    const inFlight = () => rows("ps", "pod=hang-3", ".node", ".plugin", ".pluginPid")
    await until("the hang is seen", async () => (await inFlight()).length === 1)
    const [, pid = ""] = /^node-1 trouble (\d+)$/.exec((await inFlight())[0] ?? "") ?? []
    assert.match(await first.succeed(["cat", `/proc/${pid}/cmdline`]), /\/opt\/cni\/bin\/trouble/)
    await first.succeed(["kill", "-KILL", pid])
    const killed = () => rows("tail", "pod=hang-3 and plugin=trouble and command=ADD", ".node", ".exit.signal")
    await until("its end is recorded", async () => (await killed()).includes("node-1 9"))
    await deletePods("fail-3", "hang-3")
  })

  await step("observe: an agent in a container executes a plugin of its own", async () => {
    const agent = await Agent.start(cluster, cluster.busybox)
    const stdin = '{"cniVersion":"1.0.0","ips":[]}'
    assert.deepEqual(await agent.call(stdin), [stdin, stdin])
    const seen = () =>
      rows("tail", "container=of-", ".node", ".containerId", ".path", ".as", ".stdin.text", ".stdout.text")
    await untilEqual(
      seen,
      BOTH.map((node) => `${node} of-${node} /opt/cni/bin/host-local observer ${stdin} ${stdin}`),
    )
    await agent.stop()
  })

  await step("observe: status says what was lost, and on which node", async () => {
    const observers = (signal: string) => first.succeed(["pkill", signal, "-f", "cnitap __observe"])
    await observers("-STOP")
    const call = "CNI_COMMAND=VERSION /opt/cni/bin/host-local > /dev/null"
    const script = `export LONG="$(printf %0120000d 0)"; for i in $(seq 150); do ${call}; done`
    await first.succeed(["sh", "-c", script])
    await observers("-CONT")
    const lost = async () => (await cnitap(["status"])).stdout
    await until("it is known", async () => /calls were not recorded/.test(await lost()))
    const status = await lost()
    assert.match(status, /^node-1 +recording .* \d+ calls were not recorded/m)
    assert.doesNotMatch(status, /^node-2 .*not recorded/m)
    assert.match((await cnitap(["ls"])).stderr, /^cnitap: node-1: \d+ calls were not recorded/)
  })

  await step("observe: uninstall leaves nothing on the nodes and in the kernel", async () => {
    const { stderr, code } = await cnitap(["uninstall"])
    assert.deepEqual([stderr, code], ["", 0])
    await namespaceGone()
    assert.deepEqual(await allFiles(), files)
    for (const node of [first, second]) assert.equal((await node.exec(["pgrep", "-f", "cnitap __observe"])).code, 1)
    await until("the kernel has freed the programs", () => loadedPrograms() <= programsBefore)
  })
}
