import type { Call } from "../../model/call.ts"
import { type Operation, walk } from "../../model/operation.ts"

export type Span = { kind: "spawn" | "work" | "wait"; fromMs: number; toMs: number }
export type WaterfallRow = { call: Call; level: number; fromMs: number; toMs: number; isOpen: boolean; spans: Span[] }
export type Waterfall = { totalMs: number; rows: WaterfallRow[] }

export function toWaterfall(operation: Operation, nowWallMs: number): Waterfall {
  const first = operation.calls[0]?.call
  if (!first) return { totalMs: 0, rows: [] }
  const originMs = first.monoMs
  const endOf = (call: Call) =>
    (call.durationMs === undefined
      ? Math.max(call.monoMs, first.monoMs + nowWallMs - first.wallMs)
      : call.monoMs + call.durationMs) - originMs
  const rows: WaterfallRow[] = []
  const visit = (nodes: Operation["calls"]) => {
    for (const node of nodes) visitNode(node, 0)
  }
  const visitNode = ({ call, children }: Operation["calls"][number], level: number) => {
    const fromMs = call.monoMs - originMs
    const toMs = endOf(call)
    const spans: Span[] = []
    let at = fromMs
    const push = (kind: Span["kind"], to: number) => {
      if (to > at) spans.push({ kind, fromMs: at, toMs: to })
      at = Math.max(at, to)
    }
    push("spawn", fromMs + (call.spawnMs ?? 0))
    for (const child of children) {
      push("work", child.call.monoMs - originMs)
      push("wait", Math.min(endOf(child.call), toMs))
    }
    push("work", toMs)
    rows.push({ call, level, fromMs, toMs, isOpen: call.durationMs === undefined && call.state === "running", spans })
    for (const child of children) visitNode(child, level + 1)
  }
  visit(operation.calls)
  return { totalMs: Math.max(...rows.map((r) => r.toMs), 0.001), rows }
}
void walk
