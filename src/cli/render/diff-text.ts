import type { Call } from "../../model/call.ts"
import type { CallPair, Difference } from "../../model/compare/compare.ts"
import { isDifferent, type SignatureDifference } from "../../model/compare/compare-signatures.ts"
import { age, duration, podName, stateText } from "../../model/format.ts"
import type { Operation } from "../../model/operation.ts"
import type { ChainStep, ResultChange, ResultObject } from "../../model/result/chain.ts"
import { type Paint, visible } from "../terminal/colour.ts"
import { OUTCOME_COLOURS } from "./operation-table.ts"

/** What each plugin changed in the result, for people. */
export function chainText(operation: Operation, steps: readonly ChainStep[], paint: Paint, nowMs: number): string {
  const lines = steps.flatMap(({ call, level, result, changes }) => {
    const indent = "  ".repeat(level + 1)
    const head = `${indent}${paint(visible(call.plugin), "bold")}  ${duration(call.durationMs)}`
    const quiet = result
      ? "changed nothing"
      : call.command === "ADD" && call.as !== "probe"
        ? `returned no result: ${stateText(call)}`
        : stateText(call)
    if (changes.length === 0) return [`${head}  ${paint(quiet, result ? "dim" : undefined)}`]
    return [head, ...changes.flatMap((change) => changeLines(change, `${indent}  `, paint))]
  })
  return [operationLine(operation, paint, nowMs), ...lines, ""].join("\n")
}

function changeLines(change: ResultChange, indent: string, paint: Paint): string[] {
  if (change.kind !== "changed") {
    const { object } = change
    const isAdded = change.kind === "added"
    const text = visible(`${nameOf(object)}${detailsOf(object)}`)
    return [paint(`${indent}${isAdded ? "+" : "-"} ${text}`, isAdded ? "green" : "red")]
  }
  const { before, after, fields } = change
  return [
    paint(visible(`${indent}~ ${nameOf(after)}`), "yellow"),
    ...fields.map((field) =>
      visible(`${indent}    ${field} ${before.fields[field] ?? "(none)"} -> ${after.fields[field] ?? "(none)"}`),
    ),
  ]
}

function nameOf({ kind, name }: ResultObject): string {
  return kind === "version" || kind === "other" ? name : `${kind} ${name}`
}

/** The fields that are not part of the name. */
function detailsOf({ kind, name, fields }: ResultObject): string {
  const facts = Object.entries(fields).filter(([, value]) => value !== name)
  if (kind === "version" || kind === "other") return ` ${facts.map(([, value]) => value).join(", ")}`
  return facts.length > 0 ? `  ${facts.map(([field, value]) => `${field} ${value}`).join(", ")}` : ""
}

/** Pairs of calls that differ, for people. */
export function pairsText(pairs: readonly CallPair[], paint: Paint, withVolatile: boolean): string {
  return pairs
    .flatMap((pair) => pairLines(pair, paint, withVolatile))
    .map((line) => `${line}\n`)
    .join("")
}

function pairLines({ plugin, level, a, b, differences }: CallPair, paint: Paint, withVolatile: boolean): string[] {
  const indent = "  ".repeat(level + 1)
  const name = `${indent}${paint(visible(plugin), "bold")}`
  if (!a || !b)
    return [`${name}  ${paint(`called only by ${a ? "a" : "b"} (${callWords(a ?? b)})`, a ? "red" : "green")}`]
  const shown = differences.filter(({ isVolatile }) => withVolatile || !isVolatile)
  if (shown.length === 0) return [`${name}  ${paint("alike", "dim")}`]
  return [name, ...shown.flatMap((difference) => differenceLines(difference, `${indent}  `, paint))]
}

function callWords(call: Call | undefined): string {
  return call ? `${call.id}, ${stateText(call)}` : ""
}

function differenceLines({ stream, location, a, b, isVolatile }: Difference, indent: string, paint: Paint): string[] {
  const head = `${indent}${stream} ${location}`.trimEnd()
  return [
    `${visible(head)}${isVolatile ? paint("  (differs between any two pods)", "dim") : ""}`,
    ...(a === undefined ? [] : [paint(visible(`${indent}- ${a}`), "red")]),
    ...(b === undefined ? [] : [paint(visible(`${indent}+ ${b}`), "green")]),
  ]
}

/** Signatures of operations that only one side has, for people. */
export function signaturesText(
  differences: readonly SignatureDifference[],
  paint: Paint,
  nowMs: number,
  withVolatile: boolean,
): string {
  return differences
    .map(({ kind, a, b, countA, countB, pairs }) => {
      const what = [kind.command, kind.network, kind.ifname].filter(Boolean).join(" ")
      const sides = [
        ...(a ? [`  a ${operationLine(a, paint, nowMs)}${timesText(countA)}`] : []),
        ...(b ? [`  b ${operationLine(b, paint, nowMs)}${timesText(countB)}`] : []),
      ]
      const only = pairs.length === 0 ? `: only ${a ? "a" : "b"} has any` : ""
      const shown = pairs.filter(isDifferent)
      return `${[`${paint(visible(what), "bold")}${only}`, ...sides].join("\n")}\n${pairsText(shown, paint, withVolatile)}`
    })
    .join("\n")
}

function timesText(count: number): string {
  return count > 1 ? `, and ${count - 1} like it` : ""
}

export function operationLine(operation: Operation, paint: Paint, nowMs: number): string {
  const { id, command, outcome, wallMs } = operation
  return `${command} ${visible(podName(operation))}  ${paint(id, "dim")}  ${paint(outcome, OUTCOME_COLOURS[outcome])}  ${age(wallMs, nowMs)} ago`
}
