import assert from "node:assert/strict"
import { AHEAD_IMAGE, writeImageAhead } from "./image-ahead.ts"
import { BOTH, type Session } from "./session.ts"
import { until, untilEqual } from "./until.ts"

/** All ways in which a recorder ends. Both nodes are recorded before, and none afterwards. */
export async function endingSteps(session: Session): Promise<void> {
  const { step, cluster, files, cnitap, allFiles, namespaceGone, deletePods, nodesOf } = session
  const [first, second] = cluster.nodes

  await step("pods of another version are named, and install replaces them", async () => {
    const label = "app.kubernetes.io/version=0.0.9"
    await cluster.kubectl(["label", "pod", "-n", "cnitap", "cnitap-node-1", "--overwrite", label])
    const { stderr, code } = await cnitap(["ls", "-o", "name"])
    assert.match(
      stderr,
      /^cnitap: this is version [\d.]+, but 0\.0\.9 records on node-1\. `kubectl cnitap install` replaces it\.\n$/,
    )
    assert.equal(code, 0)
    const installed = await cnitap(["install", "--all", "--mode", "swap", "--for", "1h"])
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
    assert.equal((await cnitap(["install", "--all", "--mode", "swap", "--for", "1h"])).code, 0)
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
    assert.equal((await cnitap(["install", "--all", "--mode", "swap"])).code, 0)
    await cluster.createPod("web-4", "node-2")
    await cluster.awaitPod("web-4")
    await cluster.kubectl(["delete", "namespace", "cnitap", "--wait=true"])
    assert.deepEqual(await allFiles(), files)
    await deletePods("web-4")
  })

  await step("the time is over: the pods end by themselves, and the files are as they were", async () => {
    assert.equal((await cnitap(["install", "--all", "--mode", "swap", "--for", "1m"])).code, 0)
    const phases = ["get", "pods", "-n", "cnitap", "-o", "jsonpath={.items[*].status.phase}"]
    await untilEqual(async () => (await cluster.kubectl(phases)).stdout, "Succeeded Succeeded")
    assert.deepEqual(await allFiles(), files)
    const status = await cnitap(["status", "-o", "jsonpath={range .items[*]}{.node} {.state}{'\\n'}{end}"])
    assert.deepEqual([status.stdout, status.code], ["node-1 over\nnode-2 over\n", 1])
    assert.equal((await cnitap(["uninstall"])).code, 0)
    await namespaceGone()
  })

  await step("status and ls name the nodes whose clocks differ", async () => {
    await cluster.importImage(second, await writeImageAhead(cluster.directory))
    assert.equal((await cnitap(["install", "--node", "node-1", "--mode", "swap"])).code, 0)
    assert.equal((await cnitap(["install", "--node", "node-2", "--mode", "swap", "--image", AHEAD_IMAGE])).code, 0)
    await cluster.createPod("web-5", "node-1")
    await cluster.createPod("web-6", "node-2")
    await cluster.awaitPod("web-5")
    await cluster.awaitPod("web-6")
    const clocks =
      /^cnitap: the clocks of node-1 and node-2 differ by (?:9m\d\ds|10m0s), so the times of their calls cannot be compared\. Synchronize the clocks, for example with chrony\.\n$/
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
}
