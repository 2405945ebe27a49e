import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Call } from "../../src/model/call.ts"
import { CriError, DEADLINE_EXCEEDED } from "../node/cri.ts"
import { CONTAINERDS, testOn } from "../node/runtimes.ts"
import { BANDWIDTH, BRIDGE, E2eStand, input, output, PORTMAP } from "./stand.ts"

const test = testOn(CONTAINERDS)

const WEB = {
  portMappings: [{ hostPort: 8080, containerPort: 80 }],
  annotations: { "kubernetes.io/ingress-bandwidth": "10M", "kubernetes.io/egress-bandwidth": "20M" },
}

test("ADD runs the list forward and DEL in reverse; delegates and IPAM are nested three deep", async ({
  version,
  t,
}) => {
  const flannel = { type: "flannel", subnet: "10.88.1.0/24", dataDir: "/var/lib/cni/flannel", delegate: { mtu: 1400 } }
  const stand = await E2eStand.start(version, t, [flannel, PORTMAP, BANDWIDTH])
  stand.flannel()
  await stand.install()
  const id = await stand.run(WEB)
  const ips = await stand.node.addressesOf(id)
  await stand.node.stopPod(id)

  assert.deepEqual(await stand.transcript(), [
    "ADD ok: flannel(bridge(host-local)) portmap bandwidth",
    "DEL ok: bandwidth portmap flannel(bridge(host-local))",
  ])
  for (const { containerId, runtime, pod } of await stand.operations())
    assert.deepEqual([containerId, runtime, pod?.namespace, pod?.name], [id, "containerd", "default", "web-0"])

  const [add, del] = await stand.calls("bandwidth")
  assert.deepEqual(ips, ["10.88.1.2"])
  assert.deepEqual(output(add)?.ips, [{ interface: 2, address: "10.88.1.2/24", gateway: "10.88.1.1" }])
  assert.deepEqual(prevResultOf(del), output(add))

  const [portmap] = await stand.calls("portmap")
  const [head] = await stand.calls("flannel")
  assert.deepEqual(prevResultOf(portmap), output(head))
  assert.deepEqual(input(portmap)?.runtimeConfig, {
    portMappings: [{ HostPort: 8080, ContainerPort: 80, Protocol: "tcp", HostIP: "" }],
  })
  assert.deepEqual(Object.keys(Object(input(add)?.runtimeConfig)), ["bandwidth"])

  const [bridge] = await stand.calls("bridge")
  const [ipam] = await stand.calls("host-local")
  assert.deepEqual([head?.depth, bridge?.depth, ipam?.depth], [0, 1, 2])
  assert.deepEqual([input(bridge)?.mtu, input(ipam)?.ipam], [1400, input(bridge)?.ipam])
  assert.ok(head?.stderr && "text" in head.stderr && head.stderr.text.startsWith('delegate: {"name":"demo"'))
})

test("a plugin fails: CRI returns its message, but only the record has its stderr", async ({ version, t }) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP, BANDWIDTH])
  stand.script(
    "portmap",
    `cat >/dev/null; [ "$CNI_COMMAND" = ADD ] || exit 0
     echo "dial tcp 10.0.0.1:2379: connection refused" >&2
     echo '{"code":11,"msg":"try again later"}'; exit 1`,
  )
  await stand.install()
  const error: unknown = await stand.run(WEB).catch((reason) => reason)

  assert.ok(error instanceof CriError)
  assert.match(error.message, /plugin type="portmap" failed \(add\): try again later$/)
  assert.doesNotMatch(error.message, /connection refused/)
  // containerd does not roll an ADD back; it deletes the sandbox with a DEL of the whole list.
  assert.deepEqual(await stand.transcript(), [
    "ADD failed: bridge(host-local) portmap",
    "DEL ok: bandwidth portmap bridge(host-local)",
  ])
  const [add] = await stand.calls("portmap")
  assert.deepEqual(
    [add?.exit, output(add), add?.stderr],
    [
      { code: 1 },
      { code: 11, msg: "try again later" },
      { sizeBytes: 43, text: "dial tcp 10.0.0.1:2379: connection refused\n" },
    ],
  )
  assert.deepEqual(stand.leases(), [])
})

test("the runtime's deadline passes: the plugin dies with the relay, and its record has a begin but no end", async ({
  version,
  t,
}) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP])
  const pidFile = join(stand.node.root, "hung.pid")
  stand.script("portmap", `cat >/dev/null; [ "$CNI_COMMAND" = ADD ] || exit 0; echo $$ >${pidFile}; exec sleep 1000`)
  await stand.install()
  // Long enough to read the capture meanwhile on a busy machine.
  const refused = assert.rejects(stand.run(WEB, 8000), { code: DEADLINE_EXCEEDED })
  await until(() => existsSync(pidFile))
  assert.deepEqual(await stand.transcript(), ["ADD running: bridge(host-local) portmap"])
  await refused

  const pid = Number(readFileSync(pidFile, "utf8"))
  await until(() => !existsSync(`/proc/${pid}`))
  await until(async () => (await stand.transcript()).length === 2 && stand.leases().length === 0)
  assert.deepEqual(await stand.transcript(), [
    "ADD killed: bridge(host-local) portmap",
    "DEL ok: portmap bridge(host-local)",
  ])
})

/** With the empty `dns` that these plugins print and that libcni leaves out since 1.3. */
function prevResultOf(call: Call | undefined): object {
  return { dns: {}, ...Object(input(call)?.prevResult) }
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isTrue()); tries++) {
    if (tries === 200) throw new Error(`never true: ${isTrue}`)
    await sleep(50)
  }
}
