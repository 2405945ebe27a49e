import { Fault } from "../../fault/fault.ts"
import { explain as explainOperation, operationToExplain } from "../../model/explain/explain.ts"
import { PluginLists } from "../../model/explain/plugin-lists.ts"
import type { Explanation } from "../../model/explain/statement.ts"
import { EVERYTHING } from "../../model/filter/filter.ts"
import { Ledger } from "../../model/ledger/ledger.ts"
import type { Finding } from "../../model/lint/finding.ts"
import { Linter } from "../../model/lint/linter.ts"
import type { Operation } from "../../model/operation.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { readOperations } from "../../store/query/operations.ts"
import { addCaptures, captureOptions } from "../args/captures.ts"
import { reportReadErrors, type Selection, select } from "../args/selection.ts"
import { findSubject, type Subject } from "../args/subject.ts"
import { type Paint, painter, visible } from "../render/colour.ts"
import { repeatFlags } from "../render/command-text.ts"
import { addFormat, printOne } from "../render/output.ts"
import { wrap } from "../render/wrap.ts"
import type { Verb } from "../verb.ts"

export const explain: Verb = {
  description:
    "Names the plugin that failed first, the plugins that never ran, what the runtime reported, output that no runtime shows, and what was left behind.",
  examples: [
    ["cnitap explain shop/orders-0", "why that pod has no network"],
    ["cnitap explain 4340dcd0", "the same, by the sandbox ID that crictl shows"],
  ],
  isPaged: true,
  define(command) {
    addFormat(addCaptures(command))
      .argument("<pod|id>", "a pod (NAME or NAMESPACE/NAME), or the first digits of an operation, call or container ID")
      .option("-n, --namespace <name>", "namespace of the pod")
  },
  async run(context, [words], options) {
    const selection = await select(context, captureOptions(options))
    const nowMs = context.nowMs()
    const subject = await findSubject(selection, String(words), options.namespace)
    const { operation, explanation } = await explained(selection, subject, nowMs)
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

async function explained(
  selection: Selection,
  subject: Subject,
  nowMs: number,
): Promise<{ operation: Operation; explanation: Explanation }> {
  const ledger = new Ledger()
  const linter = new Linter(nowMs)
  const related: Operation[] = []
  const findings = new Map<string, Finding[]>()
  for await (const operation of subject.related()) {
    related.push(operation)
    ledger.add(operation)
    findings.set(operation.id, linter.check(operation))
  }
  const lists = await listsAround(selection, related)
  const operation = subject.operation ?? operationToExplain(related, (one) => lists.of(one, related), nowMs)
  if (!operation)
    throw new Fault("NOT_FOUND", `${subject.name} was removed from the capture meanwhile`, "Run the command again.")
  const explanation = explainOperation(operation, {
    related,
    attachments: ledger.attachments(),
    findings: findings.get(operation.id) ?? [],
    list: lists.of(operation, related),
    nowMs,
  })
  return { operation, explanation }
}

/** Plugin lists are learnt from operations of the hours around; from the whole capture only if those do not suffice. */
const AROUND_MS = 2 * 3_600_000

async function listsAround({ capture, progress }: Selection, related: readonly Operation[]): Promise<PluginLists> {
  const lists = new PluginLists()
  const [first, last] = [related[0], related.at(-1)]
  const near = first && last ? { sinceMs: first.wallMs - AROUND_MS, untilMs: last.wallMs + AROUND_MS } : {}
  for (const range of [near, {}]) {
    const reading = { filter: EVERYTHING, progress, isLight: true }
    for await (const operation of readOperations(capture, new ReadErrors(), range, reading)) lists.add(operation)
    if (related.some((operation) => lists.of(operation))) break
  }
  return lists
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
