import { setTimeout as sleep } from "node:timers/promises"
import { askNode, readNode } from "../../cluster/ask-node.ts"
import { deleteNamespace, deletePods } from "../../cluster/delete-objects.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import { isKilled, type Recorder, readPods, readRecorders } from "../../cluster/recorder.ts"
import { undo } from "../../cluster/undo.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { FAULTS, Fault } from "../../fault/fault.ts"
import type { UninstallOutput } from "../../install/undo/uninstall.ts"
import { namesOption } from "../args/option.ts"
import { instant } from "../args/time.ts"
import type { NodeUninstallOutput } from "../output/node-uninstall-output.ts"
import { addOutput, printRows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import { visible } from "../terminal/colour.ts"
import type { Verb } from "../verb.ts"
import { VERSION } from "../version.ts"
import { addNodes } from "./cluster-flags.ts"
import { nodeNames } from "./node-names.ts"
import { withKubectl } from "./session.ts"

export const clusterUninstall: Verb = {
  description:
    "Restores every file of the nodes and checks it there, removes what was recorded, and then deletes the pods and their namespace. Exits 6 if there is nothing to remove, 7 if some nodes gave no answer: their relays pass calls on and stop recording at the time that is printed.",
  examples: [
    ["kubectl cnitap uninstall", "restore every node and remove everything"],
    ["kubectl cnitap uninstall --node node-1", "one node; the others keep recording"],
  ],
  define(command) {
    addOutput(addNodes(command))
  },
  run: (context, _args, options) =>
    withKubectl(context, options, async (kubectl) => {
      const named = namesOption(options.node)
      const all = await readRecorders(kubectl)
      const recorders = all.filter(({ node }) => named?.includes(node) ?? true)
      const owned = recorders.filter(({ owner }) => owner !== undefined)
      if (owned.length > 0)
        throw new Fault(
          "REFUSED",
          `${owned[0]?.owner} would start the pods of ${nodeNames(owned.map(({ node }) => node))} again`,
          "Delete it as it was applied: kubectl delete -k deploy/base. Its pods uninstall when they end.",
        )
      const results = await eachNode(recorders, (recorder) => uninstallNode(kubectl, recorder))
      const silent = results.filter(({ isRestored }) => !isRestored).map(({ pod }) => pod)
      await deletePods(
        kubectl,
        results.flatMap(({ pod, isRestored }) => (isRestored ? [pod] : [])),
      )
      // A node that comes back later finds its pod deleted, which uninstalls.
      await deletePods(kubectl, silent, { isWaiting: false })
      const left = await readPods(kubectl)
      const others = left.map(({ metadata: { name } }) => name).filter((name) => all.every(({ pod }) => pod !== name))
      await deletePods(kubectl, others, { isWaiting: false })
      const isLast = all.length === recorders.length
      const isRemoved = isLast && (recorders.length > 0 || others.length > 0) && (await deleteNamespace(kubectl))
      await printRows(context, options, uninstallTable, results)
      for (const { node, reason, untilMs } of results)
        if (reason !== undefined) {
          const when =
            untilMs === undefined
              ? ""
              : `; its relays stop recording at ${instant(untilMs)}, and then only pass calls on`
          context.stderr.write(`cnitap: ${visible(`no answer from ${node}: ${reason}${when}`)}\n`)
        }
      if (isLast && recorders.length > 0 && !isRemoved)
        context.stderr.write(
          "cnitap: the namespace cnitap is empty and stays, because you are not allowed to delete it\n",
        )
      if (results.length === 0 && others.length === 0) context.exitCode = FAULTS.NOT_FOUND
      if (results.some(({ isRestored }) => !isRestored)) context.exitCode = FAULTS.NODES_FAILED
    }),
}

/** Uninstalls there and checks that nothing is left. The pod's own process notices that, checks the same, and ends. */
async function uninstallNode(kubectl: Kubectl, recorder: Recorder): Promise<NodeUninstallOutput> {
  const { node, pod, untilMs, isOver } = recorder
  const base = { node, pod, ...(untilMs === undefined ? {} : { untilMs }), restored: [] as string[] }
  if (isOver && !isKilled(recorder)) return { ...base, isRestored: true }
  if (isKilled(recorder)) {
    const undone = await undo(kubectl, recorder, VERSION)
    if ("reason" in undone) return { ...base, isRestored: false, reason: undone.reason }
    const { restored = [], notRestored = [] }: Partial<UninstallOutput> = undone.printed
    const left = leftText(notRestored)
    if (notRestored.some(({ isBlocking }) => isBlocking)) return { ...base, restored, isRestored: false, reason: left }
    return { ...base, restored, isRestored: true, ...remarkOf(left) }
  }
  const { answer, printed } = await readNode(kubectl, recorder, ["uninstall", "--purge", "-o", "json"])
  const output = parseJson(printed.toString("utf8"))
  const { restored = [], notRestored = [] }: Partial<UninstallOutput> = isObject(output) ? output : {}
  const found = { ...base, restored: [...new Set(restored)] }
  const left = leftText(notRestored)
  const isNothing = answer.kind === "refused" && answer.code === FAULTS.NOT_FOUND
  if (answer.kind !== "answered" && !isNothing) return { ...found, isRestored: false, reason: left || answer.reason }
  const check = await askNode(kubectl, recorder, ["status"], () => {})
  const isVerified =
    check.kind === "refused"
      ? check.code === FAULTS.NOT_FOUND
      : check.kind === "failed" && (await hasEnded(kubectl, pod))
  if (!isVerified)
    return { ...found, isRestored: false, reason: "something is still installed there; run kubectl cnitap status" }
  return { ...found, isRestored: true, ...remarkOf(left) }
}

function leftText(notRestored: UninstallOutput["notRestored"]): string {
  return notRestored.map(({ path, reason }) => `${path} ${reason}`).join("; ")
}

function remarkOf(left: string) {
  return left ? { remark: `left as it is: ${left}` } : {}
}

const ENDING_MS = 30_000

/** Whether the process of the pod, which was ending when `status` was to be run beside it, ended well. */
async function hasEnded(kubectl: Kubectl, pod: string): Promise<boolean> {
  for (const endMs = Date.now() + ENDING_MS; Date.now() < endMs; await sleep(500)) {
    const pods = await readPods(kubectl, "recorder")
    const own = pods.find(({ metadata }) => metadata.name === pod)
    if (own?.status?.phase === "Succeeded") return true
    if (own?.status?.phase === "Failed") return false
  }
  return false
}

const uninstallTable: Table<NodeUninstallOutput, "NodeUninstall"> = {
  kind: "NodeUninstall",
  name: ({ node }) => `node/${node}`,
  empty: "no node of this cluster is recorded",
  columns: [
    { title: "NODE", text: ({ node }) => node },
    {
      title: "RESULT",
      text: ({ isRestored }) => (isRestored ? "restored" : "unknown"),
      colour: ({ isRestored }) => (isRestored ? "green" : "red"),
    },
    { title: "FILES", text: ({ restored }) => restored.join(", ") },
    { title: "REMARKS", text: ({ remark, reason }) => remark ?? reason ?? "" },
  ],
}
