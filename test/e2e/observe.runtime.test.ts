import assert from "node:assert/strict"
import { CriError } from "../node/cri.ts"
import { podman4 } from "../node/podman.ts"
import { CONTAINERDS, testOn } from "../node/runtimes.ts"
import { ObserverProcess } from "../observe/observer-process.ts"
import { BANDWIDTH, BRIDGE, E2eStand, output, PORTMAP } from "./stand.ts"

const test = testOn(CONTAINERDS)

test("pods are made, fail and are removed while the node is observed, and no file of it is changed", async ({
  version,
  t,
}) => {
  const flannel = { type: "flannel", subnet: "10.88.1.0/24", dataDir: "/var/lib/cni/flannel", delegate: { mtu: 1400 } }
  const stand = await E2eStand.start(version, t, [flannel, PORTMAP, BANDWIDTH])
  stand.flannel()
  const before = stand.files()
  const observer = await ObserverProcess.start([...stand.directories, "--capture", stand.capture])
  const id = await stand.run()
  const ips = await stand.node.addressesOf(id)
  await stand.remove(id)
  assert.deepEqual(stand.files(), before)
  stand.script(
    "portmap",
    `cat >/dev/null; [ "$CNI_COMMAND" = ADD ] || exit 0; echo '{"code":11,"msg":"try again"}'; exit 1`,
  )
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const error: unknown = await stand.run({ name: "web-1" }).catch((reason) => reason)
  assert.ok(error instanceof CriError)
  assert.match((await observer.end()).stderr, /^cnitap: observing \d+ plugins; .*\n$/)

  const transcript = await stand.transcript()
  // containerd executes loopback beside the list: an install leaves it alone, and an observer sees it.
  assert.deepEqual(
    transcript.filter((line) => !line.endsWith("loopback")),
    [
      "ADD ok: flannel(bridge(host-local)) portmap bandwidth",
      "DEL ok: bandwidth portmap flannel(bridge(host-local))",
      "DEL ok: bandwidth portmap flannel",
      "ADD failed: flannel(bridge(host-local)) portmap",
      "DEL ok: bandwidth portmap flannel(bridge(host-local))",
    ],
  )
  const [add] = await stand.calls("bandwidth")
  assert.equal(add?.as, "observer")
  assert.equal(add?.parentName, "containerd")
  assert.deepEqual(Object(output(add)).ips[0].address, `${ips[0]}/24`)
})

testOn([podman4])("a container is made and removed while the node is observed", async ({ version, t }) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP, BANDWIDTH])
  const observer = await ObserverProcess.start([...stand.directories, "--capture", stand.capture])
  const id = await stand.run({ portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "TCP" }] })
  const ips = await stand.node.addressesOf(id)
  await stand.remove(id)
  assert.match((await observer.end()).stderr, /^cnitap: observing \d+ plugins; .*\n$/)
  assert.deepEqual(await stand.transcript(), [
    "ADD ok: bridge(host-local) portmap bandwidth",
    "DEL ok: bandwidth portmap bridge(host-local)",
  ])
  const add = (await stand.calls("bandwidth")).find(({ command }) => command === "ADD")
  assert.deepEqual([add?.as, add?.parentName], ["observer", "podman"])
  assert.deepEqual(Object(output(add)).ips[0].address, `${ips[0]}/24`)
})
