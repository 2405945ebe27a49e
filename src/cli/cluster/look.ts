import { awaitPods } from "../../cluster/await-pods.ts"
import type { ClusterNode } from "../../cluster/cluster-node.ts"
import { createPods } from "../../cluster/create-objects.ts"
import { deletePods } from "../../cluster/delete-objects.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import { HOST_ROOT, PROGRAM, podName } from "../../cluster/names.ts"
import { lookPod, type RecorderOptions } from "../../cluster/objects.ts"
import { UNKNOWN_CAPABILITY } from "../../cluster/pod-object.ts"
import { readLog } from "../../cluster/read-log.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import type { PlanOutput } from "../../install/plan/plan-output.ts"
import type { Context } from "../context.ts"
import type { NodePlanOutput } from "../output/node-plan-output.ts"
import { visible } from "../terminal/colour.ts"

/**
 * Plans the install on each node, in a pod that mounts it read-only, and removes these pods again. To choose the mode, a pod
 * loads programs into the kernel for a moment.
 */
export async function lookAtNodes(
  context: Context,
  kubectl: Kubectl,
  nodes: readonly ClusterNode[],
  isRecorded: (node: ClusterNode) => boolean,
  options: RecorderOptions,
): Promise<NodePlanOutput[]> {
  const asked = nodes.filter((node) => node.problem === undefined && !isRecorded(node)).map(({ name }) => name)
  const plans = new Map<string, NodePlanOutput>()
  for (const plan of await askPods(context, kubectl, asked, options, false)) plans.set(plan.name, plan)
  if (options.mode === "auto") {
    const plannedNodes = [...plans.values()]
    // Container runtimes from before Linux 5.8 refuse a pod that may load programs into the kernel.
    const incapable = plannedNodes.filter(({ refusal = "" }) => UNKNOWN_CAPABILITY.test(refusal))
    for (const plan of await askPods(context, kubectl, incapable.map(nameOf), { ...options, mode: "swap" }, false))
      plans.set(plan.name, { ...plan, notObserved: "the container runtime does not know CAP_BPF" })
    // Where SELinux enforces, capabilities do not suffice, and the recorder will be privileged too.
    const confined = plannedNodes.filter((plan) => plan.selinux === "enforcing" && plan.notObserved !== undefined)
    for (const plan of await askPods(context, kubectl, confined.map(nameOf), options, true)) plans.set(plan.name, plan)
  }
  return nodes.map(({ name, problem }) =>
    problem === undefined
      ? (plans.get(name) ?? { name, recorded: [], warnings: [], isRecorded: true })
      : refused(name, problem),
  )
}

function nameOf({ name }: NodePlanOutput): string {
  return name
}

/** The plans of these nodes, in their order. */
async function askPods(
  { stderr }: Context,
  kubectl: Kubectl,
  asked: readonly string[],
  options: RecorderOptions,
  isPrivileged: boolean,
): Promise<NodePlanOutput[]> {
  if (asked.length === 0) return []
  const pods = asked.map((name) => podName("look", name))
  try {
    await createPods(
      kubectl,
      asked.map((name) => lookPod(name, options, isPrivileged)),
    )
    const outcomes = await awaitPods(
      kubectl,
      "look",
      asked,
      ({ status }) => status?.phase === "Succeeded",
      (node, text) => {
        if (stderr.isTTY) stderr.write(`cnitap: ${visible(`${node}: ${text}`)}\n`)
      },
    )
    return await eachNode(outcomes, async (outcome) => {
      const { node, pod } = outcome
      const log = pod === "" ? "" : await readLog(kubectl, pod)
      const plan = parseJson(log)
      if (isObject(plan) && plan.kind === "Plan") return planned(node, plan as unknown as PlanOutput, options.image)
      const words = log.trim().replace(/^cnitap: /, "")
      return refused(node, words || (outcome.kind === "failed" ? outcome.reason : "it printed no plan"))
    })
  } finally {
    await deletePods(kubectl.withoutSignal(), pods)
  }
}

function planned(
  name: string,
  { mode, notObserved, node, targets, refusals, warnings, changes }: PlanOutput,
  image: string,
): NodePlanOutput {
  const isInstalled = targets.some(({ installed }) => installed)
  const why = refusals.map(({ reason }) => reason)
  if (isInstalled)
    why.push(
      `cnitap is installed there already, and no pod of kubectl cnitap runs there; remove it with \`kubectl debug node/${name} --profile=sysadmin --image=${image} -it -- ${PROGRAM} uninstall --root ${HOST_ROOT}\``,
    )
  else if (changes.length === 0 && why.length === 0) why.push("no plugin of its networks can be recorded")
  return {
    name,
    mode: mode === "observe" ? mode : "swap",
    ...(notObserved === undefined ? {} : { notObserved }),
    ...node,
    recorded: targets.filter(({ reason }) => reason === undefined).map((target) => target.name),
    isRecorded: false,
    warnings,
    ...(why.length > 0 ? { refusal: why.join("; ") } : {}),
  }
}

function refused(name: string, refusal: string): NodePlanOutput {
  return { name, recorded: [], warnings: [], isRecorded: false, refusal }
}
