/** A container runtime reduced to its networking, in the namespaces of an IncidentNode. argv: the name of its process. */
import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { addNetworkList, delNetworkList, type NetworkList, type RuntimeConf } from "./libcni.ts"

/** What a test asks of a runtime. `text` of the answer: the error that the kubelet gets; empty if there is none. */
export type RuntimeRequest =
  | { id: number; verb: "run"; pod: string; list: NetworkList; options: RunOptions }
  | { id: number; verb: "stop" | "reboot"; pod: string }
export type RuntimeAnswer = { id: number; text: string }

export type RunOptions = {
  timeoutMs?: number
  capabilities?: Record<string, unknown>
  /** instead of a new network namespace */
  netns?: string
  /** after an ADD that failed, do not call DEL, as a runtime that was restarted */
  isLeftAlone?: boolean
}

/** `shop/a`, its list and its newest sandbox */
type Sandbox = { list: NetworkList; conf: RuntimeConf }

process.title = process.argv[2] ?? "containerd"
const sandboxes = new Map<string, Sandbox>()

process.on("message", (request: RuntimeRequest) => {
  void answer(request).then(
    () => process.send?.({ id: request.id, text: "" } satisfies RuntimeAnswer),
    (error: Error) => process.send?.({ id: request.id, text: error.message } satisfies RuntimeAnswer),
  )
})
process.send?.({ id: 0, text: "" } satisfies RuntimeAnswer)

async function answer(request: RuntimeRequest): Promise<void> {
  if (request.verb === "run") return runPodSandbox(request)
  const { list, conf } = sandboxOf(request.pod)
  if (request.verb === "reboot") return removeNetns(conf)
  await delNetworkList(list, conf)
  removeNetns(conf)
}

async function runPodSandbox({ pod, list, options }: RuntimeRequest & { verb: "run" }): Promise<void> {
  const containerId = randomBytes(32).toString("hex")
  const name = `cni-${containerId.slice(0, 8)}-0000-4000-8000-000000000001`
  execFileSync("ip", ["netns", "add", name])
  const [namespace, podName] = pod.split("/")
  const { isLeftAlone, ...limits } = options
  const conf: RuntimeConf = {
    containerId,
    netns: `/var/run/netns/${name}`,
    ifname: "eth0",
    args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${namespace};K8S_POD_NAME=${podName};K8S_POD_INFRA_CONTAINER_ID=${containerId};K8S_POD_UID=${podName}-uid`,
    ...limits,
  }
  sandboxes.set(pod, { list, conf })
  try {
    assertNetwork(await addNetworkList(list, conf), conf.ifname)
  } catch (error) {
    if (isLeftAlone) throw error
    await delNetworkList(list, { ...conf, timeoutMs: 60_000 }).then(
      () => removeNetns(conf),
      // The kubelet gets the first error; the sandbox is kept, and DEL is repeated later.
      () => undefined,
    )
    throw error
  }
}

/** What containerd requires of a result (go-cni createResult, sandbox_run.go). */
function assertNetwork(result: Record<string, unknown>, ifname: string): void {
  const interfaces = (result.interfaces ?? []) as { name: string; sandbox?: string }[]
  const ips = (result.ips ?? []) as { interface?: number }[]
  for (const ip of ips) {
    if (ip.interface !== undefined && (ip.interface < 0 || ip.interface >= interfaces.length))
      throw new Error(
        `invalid interface config: invalid IP configuration (interface number ${ip.interface} is > number of interfaces ${interfaces.length}): invalid result`,
      )
  }
  const isAttached = ips.some((ip) => ip.interface === undefined || interfaces[ip.interface]?.name === ifname)
  if (!isAttached) throw new Error("failed to find network info for sandbox")
}

function sandboxOf(pod: string): Sandbox {
  const sandbox = sandboxes.get(pod)
  if (!sandbox) throw new Error(`no sandbox of ${pod}`)
  return sandbox
}

function removeNetns({ netns }: RuntimeConf): void {
  execFileSync("ip", ["netns", "delete", netns.slice(netns.lastIndexOf("/") + 1)])
}
