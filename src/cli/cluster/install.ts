import { awaitPods } from "../../cluster/await-pods.ts"
import { type ClusterNode, readNodes } from "../../cluster/cluster-node.ts"
import { createNamespace, createPods } from "../../cluster/create-objects.ts"
import { deleteNamespace, deletePods } from "../../cluster/delete-objects.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import { type RecorderNode, type RecorderOptions, recorderPod } from "../../cluster/objects.ts"
import { isPodStarted } from "../../cluster/pod-object.ts"
import { readLog } from "../../cluster/read-log.ts"
import { isKilled, readRecorders } from "../../cluster/recorder.ts"
import { undo } from "../../cluster/undo.ts"
import { FAULTS, Fault } from "../../fault/fault.ts"
import { parseDuration } from "../../model/time.ts"
import { collectNames, namesOption, textOption } from "../args/option.ts"
import { instant } from "../args/time.ts"
import type { Context } from "../context.ts"
import type { NodePlanOutput } from "../output/node-plan-output.ts"
import { addOutput, printRows } from "../render/output.ts"
import { visible } from "../terminal/colour.ts"
import type { Verb } from "../verb.ts"
import { VERSION } from "../version.ts"
import { addCluster } from "./cluster-flags.ts"
import { lookAtNodes } from "./look.ts"
import { nodeNames } from "./node-names.ts"
import { nodePlanTable } from "./node-plan-table.ts"
import { withKubectl } from "./session.ts"

export const clusterInstall: Verb = {
  description:
    "Looks at each node first, with a pod that changes nothing, and then starts a pod that installs, records and uninstalls. A node whose kernel lets an observer follow pipes without slowing down anything else is observed; on the others the plugins are replaced. No pod is restarted. When the time is over, or when the pods or their namespace are deleted, every file is restored and what was recorded is removed: export it before. Exits 7 if some nodes are not recorded.",
  examples: [
    ["kubectl cnitap install --all", "record every node for two hours"],
    ["kubectl cnitap install --all --mode observe", "the same from the kernel, with nothing on any node changed"],
    ["kubectl cnitap install --selector pool=gpu --dry-run", "what would be recorded; removes all that it created"],
  ],
  define(command) {
    addOutput(addCluster(command))
      .option("--node <names>", "these nodes: A,B", collectNames)
      .option("-l, --selector <selector>", "nodes with these labels, as in kubectl: pool=gpu")
      .option("--all", "every node")
      .option(
        "--mode <mode>",
        "swap: replace the plugins; observe: change nothing, follow them from the kernel; auto: observe where that slows down nothing else, swap elsewhere",
        "auto",
      )
      .option("--for <duration>", "stop recording and restore the nodes after this time: 30m, 2h", "2h")
      .option("--plugins <names>", "these plugins instead of all that the active network uses: A,B", collectNames)
      .option("--image <image>", "image of the pods", `cnitap:${VERSION}`)
      .option("--dry-run", "look at the nodes and install nothing")
  },
  run: (context, _args, options) =>
    withKubectl(context, options, async (kubectl) => {
      const wanted = recorderOptions(context, options)
      const nodes = await chosenNodes(kubectl, options)
      const recorders = new Map((await readRecorders(kubectl)).map((recorder) => [recorder.node, recorder]))
      const isCurrent = ({ name }: ClusterNode) => {
        const recorder = recorders.get(name)
        return recorder !== undefined && recorder.problem === undefined && recorder.version === VERSION
      }
      const created: string[] = []
      const isOurs = await createNamespace(kubectl, VERSION)
      const cleanUp = async () => {
        const without = kubectl.withoutSignal()
        await deletePods(without, created)
        if (isOurs) await deleteNamespace(without)
      }
      try {
        // Pods that have ended or are of another version are deleted first, which uninstalls.
        const old = nodes.flatMap((node) => (isCurrent(node) ? [] : (recorders.get(node.name)?.pod ?? [])))
        if (options.dryRun !== true) {
          const killed = nodes.flatMap((node) => recorders.get(node.name) ?? []).filter(isKilled)
          await eachNode(killed, (recorder) => undo(kubectl, recorder, VERSION))
          await deletePods(kubectl, old)
        }
        const plans = await lookAtNodes(context, kubectl, nodes, isCurrent, wanted)
        await printRows(context, options, nodePlanTable, plans)
        const possible = plans.filter(({ refusal, isRecorded }) => refusal === undefined && !isRecorded)
        if (options.dryRun === true) {
          if (isOurs) await deleteNamespace(kubectl)
          if (plans.some(({ refusal }) => refusal !== undefined)) context.exitCode = FAULTS.REFUSED
          return
        }
        const pods = possible.map((plan) => recorderPod(recorderNode(plan), wanted))
        created.push(...pods.map(({ metadata: { name } }) => name))
        await createPods(kubectl, pods)
        await awaitRecorders(context, kubectl, plans, wanted)
        if (isOurs && plans.every(({ isRecorded }) => !isRecorded)) await deleteNamespace(kubectl)
      } catch (error) {
        await cleanUp().catch(() => {})
        throw error
      }
    }),
}

const CLUSTER_MODES = ["swap", "observe", "auto"] as const

function recorderOptions(context: Context, options: Record<string, unknown>): RecorderOptions {
  const text = String(options.for)
  const ms = parseDuration(text)
  if (!ms) throw new Fault("USAGE", `--for ${text} is not a duration`, "Write --for 30m or --for 2h.")
  const plugins = namesOption(options.plugins)
  const mode = CLUSTER_MODES.find((known) => known === options.mode)
  if (!mode) throw new Fault("USAGE", `unknown mode ${options.mode}`, `Use one of ${CLUSTER_MODES.join(", ")}.`)
  return {
    image: String(options.image),
    version: VERSION,
    mode,
    ...(plugins ? { plugins } : {}),
    duration: { text, ms, untilMs: Math.round(context.nowMs() + ms) },
  }
}

async function chosenNodes(kubectl: Kubectl, options: Record<string, unknown>): Promise<ClusterNode[]> {
  const names = namesOption(options.node)
  const selector = textOption(options.selector)
  const given = [names, selector, options.all].filter((one) => one !== undefined)
  if (given.length !== 1)
    throw new Fault(
      "USAGE",
      given.length === 0 ? "no node is chosen" : "--node, --selector and --all cannot be combined",
      "Use one of --node NAME, --selector LABEL=VALUE and --all.",
    )
  const nodes = await readNodes(kubectl, {
    ...(names ? { names } : {}),
    ...(selector === undefined ? {} : { selector }),
  })
  if (nodes.length > 0) return nodes
  throw new Fault("NOT_FOUND", `no node matches ${selector ?? "--all"}`, "List them with `kubectl get nodes`.")
}

function recorderNode({ name, mode = "swap", changedDirs = [], selinux }: NodePlanOutput): RecorderNode {
  return { node: name, mode, changedDirs, isSelinuxEnforcing: selinux === "enforcing" }
}

/** Waits until each pod records, removes those that do not, and reports the result of every node. */
async function awaitRecorders(
  context: Context,
  kubectl: Kubectl,
  plans: NodePlanOutput[],
  { duration }: RecorderOptions,
): Promise<void> {
  const { stderr } = context
  const say = (text: string) => stderr.write(`cnitap: ${visible(text)}\n`)
  const waiting = plans.filter(({ refusal, isRecorded }) => refusal === undefined && !isRecorded)
  const names = waiting.map(({ name }) => name)
  const outcomes = await awaitPods(kubectl, "recorder", names, isPodStarted, (node, text) => {
    if (stderr.isTTY) say(`${node}: ${text}`)
  })
  const failed = outcomes.flatMap((outcome) => (outcome.kind === "failed" ? [outcome] : []))
  for (const { node, pod, reason } of failed) {
    // The log of a pod that has installed does not have the reason why it is not ready.
    const [, words] = /^cnitap: (.*)/m.exec(await readLog(kubectl, pod)) ?? []
    const plan = plans.find(({ name }) => name === node)
    if (plan) plan.refusal = words ?? reason
  }
  await deletePods(
    kubectl,
    failed.flatMap(({ pod }) => (pod === "" ? [] : [pod])),
  )
  for (const plan of waiting) plan.isRecorded = plan.refusal === undefined
  const recorded = plans.filter(({ isRecorded }) => isRecorded).map(({ name }) => name)
  for (const { name, refusal } of plans) if (refusal !== undefined) say(`${name} is not recorded: ${refusal}`)
  if (recorded.length < plans.length) context.exitCode = FAULTS.NODES_FAILED
  if (recorded.length > 0)
    say(
      `${nodeNames(recorded)} recorded until ${instant(duration.untilMs)}. NEXT \`kubectl cnitap ls\`, \`kubectl cnitap uninstall\``,
    )
}
