import { Fault } from "../../fault/fault.ts"
import { explain as explainOperation, operationToExplain } from "../../model/explain/explain.ts"
import type { Explanation } from "../../model/explain/statement.ts"
import { addCaptures, captureOptions } from "../args/captures.ts"
import { readSubject } from "../args/explain-context.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { select } from "../args/selection.ts"
import { findSubject, latestFailure } from "../args/subject.ts"
import { podWithoutCalls } from "../node/pod-without-calls.ts"
import { repeatFlags } from "../render/command-text.ts"
import { addFormat, printOne } from "../render/output.ts"
import { type Paint, painter, visible } from "../terminal/colour.ts"
import { wrap } from "../terminal/wrap.ts"
import type { Verb } from "../verb.ts"

export const explain: Verb = {
  description:
    "Names the plugin that failed first, the plugins that never ran, what the runtime reported, output that no runtime shows, and what was left behind.",
  examples: [
    ["cnitap explain", "the latest failure"],
    ["cnitap explain shop/orders-0", "why that pod has no network"],
    ["cnitap explain 4340dcd0", "the same, by the sandbox ID that crictl shows"],
  ],
  isPaged: true,
  define(command) {
    addFormat(addCaptures(command))
      .argument(
        "[pod|id]",
        "a pod (NAME or NAMESPACE/NAME), or the first digits of an operation, call or container ID; without it, the pod of the latest failure",
      )
      .option("-n, --namespace <name>", "namespace of the pod")
  },
  async run(context, [words], options) {
    const selection = await select(context, captureOptions(options))
    const subject =
      words === undefined
        ? await latestFailure(selection, options.namespace)
        : await findSubject(selection, String(words), options.namespace).catch(async (error: unknown) => {
            throw (await podWithoutCalls(selection, options, String(words))) ?? error
          })
    const { related, contextOf, completed } = await readSubject(context, options, selection, subject)
    const operation = subject.operation ?? operationToExplain(related, contextOf)
    if (!operation)
      throw new Fault("NOT_FOUND", `${subject.name} was removed from the capture meanwhile`, "Run the command again.")
    const explanation = explainOperation(operation, await completed(operation))
    const paint = painter(context)
    await printOne(context, options, {
      kind: "Explanation",
      value: explanation,
      name: `operation/${operation.id}`,
      text: () => {
        const columns = context.stdout.isTTY ? context.stdout.columns : undefined
        return explanationText(explanation, paint, columns, (text) => repeatFlags(text, options))
      },
    })
    await reportReadErrors(context, selection, 1)
  },
}

const LABEL_WIDTH = 17

function explanationText(
  { headline, hasProblem, statements }: Explanation,
  paint: Paint,
  columns: number | undefined,
  withFlags: (text: string) => string,
): string {
  const lines = statements.map(({ topic, text }) => {
    const label = `  ${topic}`.padEnd(LABEL_WIDTH)
    return `${paint(label, "dim")}${wrap(visible(withFlags(text)), columns, LABEL_WIDTH)}`
  })
  return [paint(visible(headline), hasProblem ? "red" : "green"), ...lines, ""].join("\n")
}
