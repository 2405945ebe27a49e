import { Fault } from "../../fault/fault.ts"
import { type CallPair, compareCalls, compareOperations } from "../../model/compare/compare.ts"
import { compareSignatures, isDifferent } from "../../model/compare/compare-signatures.ts"
import type { Operation } from "../../model/operation.ts"
import { toChain } from "../../model/result/chain.ts"
import { addCaptures, captureOptions } from "../args/captures.ts"
import { captureAt, type DiffSide, readDiffSide } from "../args/diff-side.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { type Selection, select } from "../args/selection.ts"
import { findSubject } from "../args/subject.ts"
import type { Context } from "../context.ts"
import { callPairOutput, chainOutput, signatureDifferenceOutput } from "../output/diff-output.ts"
import { chainText, operationLine, pairsText, signaturesText } from "../render/diff-text.ts"
import { addFormat, printOne } from "../render/output.ts"
import { painter } from "../terminal/colour.ts"
import type { Verb } from "../verb.ts"

export const diff: Verb = {
  description:
    "With one name: what each plugin added to the result. With two: what differs, and exit status 1 if anything does. Values that always differ between pods (addresses, IDs, timestamps) are ignored, so it works as a CI check.",
  examples: [
    ["cnitap diff shop/orders-0", "what each plugin of the list added to the result"],
    ["cnitap diff shop/orders-0 shop/orders-1", "a failed pod and a working one"],
    ["cnitap diff golden/ capture/", "two captures: exits 1 if calls have changed"],
  ],
  isPaged: true,
  define(command) {
    addFormat(addCaptures(command))
      .argument("<a>", "a pod, the first digits of an ID, node/NAME, or the path of another capture")
      .argument("[b]", "what to compare it with")
      .option("-n, --namespace <name>", "namespace of the pods")
      .option("--volatile", "also show values that always differ: addresses, MACs, IDs, names, times")
  },
  async run(context, [a, b], options) {
    const selection = await selectFor(context, options, [a, b])
    if (b === undefined) await diffChain(context, options, selection, String(a))
    else await diffTwo(context, options, selection, String(a), String(b))
  },
}

/** If both names are paths of captures, the default capture need not exist. */
async function selectFor(context: Context, options: Record<string, unknown>, names: unknown[]): Promise<Selection> {
  const [first] = names
  try {
    return await select(context, captureOptions(options))
  } catch (error) {
    const isNamed = options.capture !== undefined || options.from !== undefined
    if (isNamed || !(error instanceof Fault) || error.code !== "CAPTURE_MISSING" || names.includes(undefined))
      throw error
    const other = captureAt(String(first))
    if (!other) throw error
    return await select(context, other)
  }
}

async function diffChain(
  context: Context,
  options: Record<string, unknown>,
  selection: Selection,
  word: string,
): Promise<void> {
  const subject = await findSubject(selection, word, options.namespace)
  const operation = subject.operation ?? (await newestAdd(subject.related()))
  if (!operation) throw new Fault("NOT_FOUND", `no ADD of ${word} in ${selection.capture.path}`, "See `cnitap ls`.")
  const steps = toChain(operation)
  await printOne(context, options, {
    kind: "Chain",
    value: chainOutput(operation, steps),
    name: `operation/${operation.id}`,
    text: () => chainText(operation, steps, painter(context), context.nowMs()),
  })
  await reportReadErrors(context, selection, 1)
}

async function newestAdd(operations: AsyncIterable<Operation>): Promise<Operation | undefined> {
  let newest: Operation | undefined
  for await (const operation of operations) if (operation.command === "ADD") newest = operation
  return newest
}

async function diffTwo(
  context: Context,
  options: Record<string, unknown>,
  selection: Selection,
  nameA: string,
  nameB: string,
): Promise<void> {
  const a = await readDiffSide(context, options, selection, nameA)
  const b = await readDiffSide(context, options, selection, nameB)
  const paint = painter(context)
  const nowMs = context.nowMs()
  const withVolatile = options.volatile === true
  if (a.kind === "signatures" && b.kind === "signatures") {
    const differences = compareSignatures(a.signatures, b.signatures)
    if (differences.length > 0) context.exitCode = 1
    const counts = `${a.name} (${a.signatures.count} operations) and ${b.name} (${b.signatures.count})`
    await printOne(context, options, {
      kind: "Difference",
      value: {
        a: a.name,
        b: b.name,
        isSame: differences.length === 0,
        differences: differences.map(signatureDifferenceOutput),
      },
      name: `${a.name} ${b.name}`,
      text: () =>
        differences.length > 0
          ? `${signaturesText(differences, paint, nowMs, withVolatile)}`
          : `no difference between ${counts}\n`,
    })
  } else {
    const { pairs, heads } = pairsOf(a, b)
    const isSame = !pairs.some(isDifferent)
    if (!isSame) context.exitCode = 1
    const hidden = pairs.flatMap(({ differences }) => differences).filter(({ isVolatile }) => isVolatile).length
    await printOne(context, options, {
      kind: "Difference",
      value: { a: a.name, b: b.name, isSame, pairs: pairs.map(callPairOutput) },
      name: `${a.name} ${b.name}`,
      text: () =>
        [
          ...heads.map((operation, at) => `${at === 0 ? "a" : "b"} ${operationLine(operation, paint, nowMs)}\n`),
          pairsText(pairs, paint, withVolatile),
          hidden > 0 && !withVolatile ? paint(hiddenText(hidden), "dim") : "",
        ].join(""),
    })
  }
  await reportReadErrors(context, selection, 1)
}

function hiddenText(hidden: number): string {
  return `${hidden} more ${hidden === 1 ? "value differs" : "values differ"}, as between any two pods; --volatile shows them\n`
}

/** Pairs of calls. An operation is compared with the newest operation of the same command of a pod. */
function pairsOf(a: DiffSide, b: DiffSide): { pairs: CallPair[]; heads: Operation[] } {
  if (a.kind === "call" && b.kind === "call") {
    const pair = { plugin: a.call.plugin, level: 0, a: a.call, b: b.call, differences: compareCalls(a.call, b.call) }
    return { pairs: [pair], heads: [] }
  }
  const [left, right] = [operationOf(a, b), operationOf(b, a)]
  if (left && right) return { pairs: compareOperations(left, right), heads: [left, right] }
  const words = { call: "a call", operation: "an operation", signatures: "all of a pod, node or capture" }
  throw new Fault(
    "USAGE",
    `${a.name} is ${words[a.kind]} and ${b.name} is ${words[b.kind]}`,
    "Compare two of a kind, or an operation with a pod that has one of the same command.",
  )
}

function operationOf(side: DiffSide, other: DiffSide): Operation | undefined {
  if (side.kind === "operation") return side.operation
  return side.kind === "signatures" && other.kind === "operation" ? side.newest.get(other.operation.command) : undefined
}
