import { type NodeAnswer, readNode } from "../../cluster/ask-node.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import type { Recorder } from "../../cluster/recorder.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { FAULTS } from "../../fault/fault.ts"
import type { Operation } from "../../model/operation.ts"
import { overCluster } from "../../model/over-cluster.ts"
import { textOption } from "../args/option.ts"
import type { Context } from "../context.ts"
import { painter } from "../terminal/colour.ts"
import type { Verb } from "../verb.ts"
import { explain } from "../verbs/explain.ts"
import { show } from "../verbs/show.ts"
import { collectRows, spooled } from "./collect-rows.ts"
import { nodeVerb } from "./node-verb.ts"
import { reportAnswers } from "./report-answers.ts"
import { reportClocks } from "./report-clocks.ts"
import { chooseRecorders, withKubectl } from "./session.ts"

export const clusterExplain = subjectVerb("explain", explain, [
  ["kubectl cnitap explain", "the latest failure of any node"],
  ["kubectl cnitap explain shop/orders-0", "why that pod has no network; asks the node that it is on"],
])

export const clusterShow = subjectVerb("show", show, [
  ["kubectl cnitap show shop/orders-0", "what the plugins were given and gave back for that pod"],
  ["kubectl cnitap show 8bb88 --stdin", "the configuration of one call, byte for byte"],
])

/** A verb about one pod or operation. It runs on the node that has it, because that node's files belong to the answer. */
function subjectVerb(name: string, verb: Verb, examples: Verb["examples"]): Verb {
  return nodeVerb(verb, examples, (nodeArguments, context, [words], options) =>
    withKubectl(context, options, async (kubectl) => {
      const recorders = await chooseRecorders(context, kubectl, options)
      const colour = ["--color", painter(context)("", "dim") === "" ? "never" : "always"]
      const given = nodeArguments(["color", "pager"])
      if (words === undefined) {
        const latest = await latestFailure(context, kubectl, recorders, textOption(options.namespace))
        if (latest) await printFrom(context, kubectl, latest.recorders, [name, ...colour, ...given, ...latest.args])
        return
      }
      const own = await recordersOf(kubectl, recorders, String(words), textOption(options.namespace))
      await printFrom(context, kubectl, own, [name, ...colour, ...given])
    }),
  )
}

/** Prints the answers of the nodes that know it; without any, what the first of them says. */
async function printFrom(
  context: Context,
  kubectl: Kubectl,
  recorders: readonly Recorder[],
  nodeArgs: readonly string[],
): Promise<void> {
  const texts = await eachNode(recorders, (recorder) => readNode(kubectl, recorder, nodeArgs))
  const found = texts.filter(({ answer }) => answer.kind === "answered")
  const isText = !nodeArgs.some((arg) => /^--(?:output=|stdin|stdout|stderr)/.test(arg))
  for (const { answer, printed } of found) {
    if (found.length > 1 && isText) context.stdout.write(`NODE ${answer.node}\n`)
    context.stdout.write(isText ? overCluster(printed.toString("utf8")) : printed)
  }
  const answers = texts.map(({ answer }) => answer)
  // Another node has it: a node without it has not failed.
  reportAnswers(context, found.length > 0 ? answers.filter((one) => !isNotFound(one)) : unfound(answers), found.length)
}

function isNotFound(answer: NodeAnswer): boolean {
  return answer.kind === "refused" && answer.code === FAULTS.NOT_FOUND
}

/** Nodes that were asked and do not have it all say the same in other words; one of them suffices. */
function unfound(answers: NodeAnswer[]): NodeAnswer[] {
  const others = answers.filter((answer) => !isNotFound(answer))
  return others.length > 0 ? others : answers.slice(0, 1)
}

/** The recorder of the node that the pod is on; all of them if the pod was deleted, or if an ID was given. */
async function recordersOf(
  kubectl: Kubectl,
  recorders: readonly Recorder[],
  words: string,
  namespace: string | undefined,
): Promise<readonly Recorder[]> {
  const [, ownNamespace = namespace, name] = /^(?:pods?\/)?(?:([a-z0-9-]+)\/)?([a-z0-9.-]+)$/.exec(words) ?? []
  if (recorders.length === 1 || name === undefined || ["operation", "call", "container"].includes(ownNamespace ?? ""))
    return recorders
  const where = ownNamespace === undefined ? ["-A"] : ["-n", ownNamespace]
  const pods = await kubectl.run(["get", "pods", ...where, "--field-selector", `metadata.name=${name}`, "-o", "json"])
  // Without the right to read pods every node is asked.
  const list = parseJson(pods.stdout)
  const items: unknown[] = isObject(list) && Array.isArray(list.items) ? list.items : []
  const nodes = items.flatMap((pod) => (isObject(pod) && isObject(pod.spec) ? [pod.spec.nodeName] : []))
  const own = recorders.filter(({ node }) => nodes.includes(node))
  return own.length > 0 ? own : recorders
}

/** The newest operation that did not succeed, and its node. */
async function latestFailure(
  context: Context,
  kubectl: Kubectl,
  recorders: readonly Recorder[],
  namespace: string | undefined,
): Promise<{ recorders: Recorder[]; args: string[] } | undefined> {
  const nodeArgs = [
    "ls",
    "outcome!=ok",
    "--last",
    "1",
    "--brief",
    ...(namespace ? [`--namespace=${namespace}`] : []),
    "-o",
    "jsonl",
  ]
  const timeOf = ({ wallMs }: Operation) => wallMs
  const { spool, answers, merged } = await collectRows<Operation>(context, kubectl, recorders, nodeArgs, { timeOf })
  const [latest] = spooled<Operation>(spool, { newestFirst: true })
  spool.close()
  reportAnswers(context, answers, spool.count)
  reportClocks(context, merged)
  if (!latest) {
    context.stderr.write("no operation failed on these nodes\n")
    return undefined
  }
  return { recorders: recorders.filter(({ node }) => node === latest.node), args: [`operation/${latest.id}`] }
}
