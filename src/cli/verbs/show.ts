import { Fault } from "../../fault/fault.ts"
import type { Call } from "../../model/call.ts"
import type { Filter } from "../../model/filter/filter.ts"
import { type CallNode, type Operation, walk } from "../../model/operation.ts"
import { readOperations } from "../../store/query/operations.ts"
import { addCapture, reportReadErrors, type Selection, select } from "../args/selection.ts"
import { callNodeOutput, callOutput, operationOutput } from "../output/call-output.ts"
import { callText, operationText } from "../render/call-text.ts"
import { painter } from "../render/colour.ts"
import { addFormat, printOne } from "../render/output.ts"
import type { Verb } from "../verb.ts"

export const show: Verb = {
  description: "The first digits of an ID are enough.",
  examples: [
    ["cnitap show 8bb88", "an operation with all its calls, or one call"],
    ["cnitap show 8bb88 -o json | jq .calls[0].call.stdin", "the configuration that the first plugin was given"],
  ],
  isPaged: true,
  define(command) {
    addFormat(addCapture(command)).argument("<id>", "id of an operation or a call; its first digits are enough")
  },
  async run(context, [id], options) {
    const selection = await select(context, options)
    const found = await findById(selection, String(id))
    const paint = painter(context)
    const nowMs = context.nowMs()
    if (found.kind === "operation") {
      const { operation } = found
      await printOne(context, options, {
        kind: "Operation",
        value: operationOutput(operation),
        name: `operation/${operation.id}`,
        text: () => operationText(operation, paint, nowMs),
      })
    } else {
      const { node, operation } = found
      await printOne(context, options, {
        kind: "Call",
        value: { ...callOutput(node.call), operation: operation.id, children: node.children.map(callNodeOutput) },
        name: `call/${node.call.id}`,
        text: () => callText(node, operation, paint),
      })
    }
    await reportReadErrors(context, selection, 1)
  },
}

export type Found = { kind: "operation"; operation: Operation } | { kind: "call"; node: CallNode; operation: Operation }

/** The operation or the nested call that the digits are the beginning of. */
export async function findById({ capture, damage, progress }: Selection, id: string): Promise<Found> {
  const prefix = id.replace(/^(operation|call)\//, "").toLowerCase()
  const filter: Filter = { kind: "test", field: "id", operator: "=", values: [{ kind: "text", text: prefix }] }
  let found: { call: Call; operation: Operation } | undefined
  for await (const operation of readOperations(capture, damage, {}, { filter, progress })) {
    for (const { call } of walk(operation.calls)) {
      if (!call.id.startsWith(prefix)) continue
      if (found) {
        throw new Fault(
          "USAGE",
          `${id} is the beginning of several ids (${found.call.id}, ${call.id})`,
          "Give more digits.",
        )
      }
      found = { call, operation }
    }
  }
  if (!found) throw new Fault("NOT_FOUND", `no call ${id} in ${capture.path}`, "List what is there with `cnitap ls`.")
  const { call, operation } = found
  const node = nodes(operation.calls).find((candidate) => candidate.call === call)
  return operation.id === call.id || !node ? { kind: "operation", operation } : { kind: "call", node, operation }
}

function nodes(tree: CallNode[]): CallNode[] {
  return tree.flatMap((node) => [node, ...nodes(node.children)])
}
