import { findCall } from "../args/call-by-id.ts"
import { addCaptures } from "../args/captures.ts"
import { reportReadErrors, select } from "../args/selection.ts"
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
    addFormat(addCaptures(command)).argument("<id>", "the first digits of an operation or call ID")
  },
  async run(context, [id], options) {
    const selection = await select(context, options)
    const { operation, node } = await findCall(selection, String(id))
    const paint = painter(context)
    const nowMs = context.nowMs()
    if (node.call.id === operation.id) {
      await printOne(context, options, {
        kind: "Operation",
        value: operationOutput(operation),
        name: `operation/${operation.id}`,
        text: () => operationText(operation, paint, nowMs),
      })
    } else {
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
