import assert from "node:assert/strict"
import { join } from "node:path"
import type { Session } from "./session.ts"
import { until, untilEqual } from "./until.ts"

const DEPLOY = join(import.meta.dirname, "../../../deploy")

/** Other ways of installing, as other users, and where it is refused. */
export async function accessSteps({ step, cluster, files, cnitap, allFiles, namespaceGone }: Session): Promise<void> {
  const [, second] = cluster.nodes

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
    await untilEqual(async () => (await cluster.kubectl(phase)).stdout, "Succeeded")
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
      ["cnitap: the namespace cnitap is empty and stays, because you are not allowed to delete it\n", 0],
    )
    assert.deepEqual(await allFiles(), files)
    await cluster.kubectl(["delete", "namespace", "cnitap"])
  })

  await step("a plugin directory that cannot be written is refused with the reason", async () => {
    const script = "mount --bind /opt/cni/bin /opt/cni/bin && mount -o remount,ro,bind /opt/cni/bin"
    await second.succeed(["sh", "-c", script])
    const { stderr, code } = await cnitap(["install", "--node", "node-2"])
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
}
