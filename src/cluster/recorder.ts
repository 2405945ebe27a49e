import { isObject, parseJson } from "../cni/json.ts"
import { Fault } from "../fault/fault.ts"
import type { Kubectl } from "./kubectl.ts"
import { type Component, modeArgument, NAMESPACE, selectorOf, UNTIL_ANNOTATION, VERSION_LABEL } from "./names.ts"
import { type PodObject, podProblem } from "./pod-object.ts"

/** The pod that records on a node. */
export type Recorder = {
  node: string
  pod: string
  /** of the pod's cnitap */
  version: string
  /** why it cannot be asked, in the words of Kubernetes; absent if it runs */
  problem?: string
  /** it has ended: its time was over, or it was stopped */
  isOver: boolean
  /** it succeeded: it has checked that nothing is installed any more */
  isSucceeded: boolean
  /** it follows plugins from the kernel: however it ends, nothing of it is left on the node */
  isObserver: boolean
  /** what it was given, for a pod that does what it left undone */
  spec: PodObject["spec"]
  /** what would start another pod in its place: DaemonSet/cnitap */
  owner?: string
  /** when its relays stop recording; since 1970 */
  untilMs?: number
}

/** Whether it was killed, for example by an eviction, and may have left what it installed. */
export function isKilled({ isOver, isSucceeded, isObserver }: Recorder): boolean {
  return isOver && !isSucceeded && !isObserver
}

/** Every recorder of the cluster, by the name of its node. */
export async function readRecorders(kubectl: Kubectl): Promise<Recorder[]> {
  const pods = await readPods(kubectl, "recorder")
  return pods.map(recorderOf).sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0))
}

/** Our pods, or those of one component, as the API server has them. */
export async function readPods(kubectl: Kubectl, component?: Component): Promise<PodObject[]> {
  const list = parseJson(
    await kubectl.read(["get", "pods", "-n", NAMESPACE, "-l", selectorOf(component), "-o", "json"]),
  )
  if (!isObject(list) || !Array.isArray(list.items))
    throw new Fault("CLUSTER", "`kubectl get pods -o json` printed no list", "Check that kubectl is Kubernetes' own.")
  return list.items as PodObject[]
}

function recorderOf(pod: PodObject): Recorder {
  const { metadata, spec, status } = pod
  const untilMs = Date.parse(metadata.annotations?.[UNTIL_ANNOTATION] ?? "")
  const problem = podProblem(pod)
  const [owner] = metadata.ownerReferences ?? []
  return {
    node: spec.nodeName ?? "",
    pod: metadata.name,
    spec,
    version: metadata.labels?.[VERSION_LABEL] ?? "",
    isSucceeded: status?.phase === "Succeeded",
    isObserver: (spec.containers ?? []).some(
      (container) =>
        "args" in container && Array.isArray(container.args) && container.args.includes(modeArgument("observe")),
    ),
    isOver: status?.phase === "Succeeded" || status?.phase === "Failed",
    ...(problem ? { problem } : {}),
    ...(owner ? { owner: `${owner.kind}/${owner.name}` } : {}),
    ...(Number.isNaN(untilMs) ? {} : { untilMs }),
  }
}
