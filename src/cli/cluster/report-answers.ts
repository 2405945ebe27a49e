import type { NodeAnswer } from "../../cluster/ask-node.ts"
import { FAULTS } from "../../fault/fault.ts"
import { overCluster } from "../../model/over-cluster.ts"
import type { Context } from "../context.ts"
import { visible } from "../terminal/colour.ts"
import { nodeNames } from "./node-names.ts"

/**
 * Prints the messages of the nodes, and which of them gave no answer and why, and sets the exit status. If every node
 * refused for the same reason, such as a filter that cannot be parsed, the command line is wrong.
 * `found`: how many rows there were; messages about why a node has none do not matter if another has some.
 */
export function reportAnswers(context: Context, answers: readonly NodeAnswer[], found: number): void {
  const [first] = answers
  if (first?.kind === "refused" && answers.every((one) => one.kind === "refused" && one.reason === first.reason)) {
    context.stderr.write(`${lines(overCluster(first.reason))}\n`)
    context.exitCode = first.code
    return
  }
  const notes = answers.flatMap((one) => (one.kind === "answered" ? remarksIn(one, found) : []))
  for (const { text, nodes } of grouped(notes).slice(0, MOST_REMARKS))
    context.stderr.write(`cnitap: ${lines(`${nodeNames(nodes)}: ${overCluster(text)}`)}\n`)
  const failures = answers.flatMap((one) => (one.kind === "answered" ? [] : [{ node: one.node, text: one.reason }]))
  for (const { text, nodes } of grouped(failures)) {
    const subject = nodes.length === 1 ? nodeNames(nodes) : `${nodes.length} nodes (${nodeNames(nodes)})`
    context.stderr.write(
      `cnitap: no answer from ${lines(`${subject}: ${overCluster(text.replace(/^cnitap: /, ""))}`)}\n`,
    )
  }
  if (failures.length > 0) context.exitCode = FAULTS.NODES_FAILED
  else if (answers.some((one) => one.kind === "answered" && one.code === 1)) context.exitCode = 1
}

const MOST_REMARKS = 8

/** The lines that begin with `cnitap: `; the others only say that nothing was found. */
function remarksIn({ node, notes }: { node: string; notes: string }, found: number) {
  return notes.split("\n").flatMap((line) => {
    const [, text] = /^cnitap: (.*)$/.exec(line) ?? []
    if (text === undefined || (found > 0 && /^(?:no call in |nothing was recorded in )/.test(text))) return []
    return [{ node, text }]
  })
}

function grouped(remarks: readonly { node: string; text: string }[]): { text: string; nodes: string[] }[] {
  const byText = new Map<string, string[]>()
  for (const { node, text } of remarks) byText.set(text, [...(byText.get(text) ?? []), node])
  return [...byText].map(([text, nodes]) => ({ text, nodes }))
}

function lines(text: string): string {
  return text.split("\n").map(visible).join("\n")
}
