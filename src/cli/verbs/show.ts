import { Fault } from "../../fault/fault.ts"
import { STREAMS } from "../../model/call.ts"
import type { Operation } from "../../model/operation.ts"
import { addCaptures, captureOptions } from "../args/captures.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { select } from "../args/selection.ts"
import { findSubject, nodeOf, type Subject } from "../args/subject.ts"
import type { Context } from "../context.ts"
import { callNodeOutput, callOutput, operationOutput } from "../output/call-output.ts"
import { callText, operationText } from "../render/call-text.ts"
import { repeatFlags } from "../render/command-text.ts"
import { addFormat, outputFormat, printOne } from "../render/output.ts"
import { printStream, streamOption } from "../render/raw-stream.ts"
import { painter } from "../terminal/colour.ts"
import type { Verb } from "../verb.ts"

export const show: Verb = {
  description:
    "For a pod or container, shows its latest operation that did not succeed, otherwise its latest one. The call that failed comes first. A prevResult that an earlier call returned is not repeated; -o wide and -o json print everything. --stdin, --stdout and --stderr print the recorded bytes of one call; if an operation is named, that is the call that failed, otherwise its first call for stdin and its last one for stdout and stderr.",
  examples: [
    ["cnitap show shop/orders-0", "why that pod's last operation failed, with all that its calls were given"],
    ["cnitap show 8bb88 --brief", "an operation without environment and streams"],
    ["cnitap show 8bb88 --stdin | jq .ipam", "the configuration that a call was given"],
  ],
  isPaged: (options) => streamOption(options) === undefined,
  define(command) {
    addFormat(addCaptures(command))
      .argument("<pod|id>", "a pod (NAME or NAMESPACE/NAME), or the first digits of an operation, call or container ID")
      .option("-n, --namespace <name>", "namespace of the pod")
      .option("--brief", "without environment and streams")
    for (const stream of STREAMS) command.option(`--${stream}`, `only the bytes of ${stream} of one call`)
  },
  async run(context, [words], options) {
    const stream = streamOption(options)
    const format = outputFormat(options).kind
    const selection = await select(context, captureOptions(options))
    const subject = await findSubject(selection, String(words), options.namespace)
    const operation = subject.operation ?? (await operationToShow(context, options, subject))
    const node = subject.call && nodeOf(operation.calls, subject.call.id)
    const [paint, nowMs] = [painter(context), context.nowMs()]
    const style = { isBrief: options.brief === true, isWide: format === "wide" }
    if (stream) await printStream(context, stream, operation, node?.call)
    else if (node)
      await printOne(context, options, {
        kind: "Call",
        value: { ...callOutput(node.call), operation: operation.id, children: node.children.map(callNodeOutput) },
        name: `call/${node.call.id}`,
        text: () => callText(node, operation, paint, style),
      })
    else
      await printOne(context, options, {
        kind: "Operation",
        value: operationOutput(operation),
        name: `operation/${operation.id}`,
        text: () => operationText(operation, paint, nowMs, style),
      })
    await reportReadErrors(context, selection, 1)
  },
}

/** The operation to show of a pod or a container; stderr gets which of how many it is. */
async function operationToShow(
  context: Context,
  options: Record<string, unknown>,
  { name, related }: Subject,
): Promise<Operation> {
  let [count, latest, failed]: [number, Operation?, Operation?] = [0]
  for await (const operation of related()) {
    count++
    latest = operation
    if (operation.outcome !== "ok") failed = operation
  }
  const chosen = failed ?? latest
  if (!chosen) throw new Fault("NOT_FOUND", `${name} was removed from the capture meanwhile`, "Run the command again.")
  if (count > 1) {
    const which = failed ? "the latest that did not succeed" : "the latest"
    const all = repeatFlags(`cnitap ls --pod ${name}`, options)
    context.stderr.write(`cnitap: ${which} of ${count} operations of ${name}; all: ${all}\n`)
  }
  return chosen
}
