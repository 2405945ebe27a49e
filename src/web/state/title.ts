import { effect } from "@preact/signals"
import { podName } from "../../model/format.ts"
import { operationById, source, tally } from "./capture.ts"
import { route } from "./route.ts"

const MARKS = { ok: "✓", failed: "✗", killed: "✗", running: "…", unknown: "?" } as const

/** Keeps the title of the tab: it names what is open, and counts failures otherwise. */
export function keepTitle(): void {
  effect(() => {
    document.title = [...subject(), source.value?.host, "cnitap"].filter(Boolean).join(" · ")
  })
}

function subject(): string[] {
  const { view, operation: id } = route.value
  const operation = operationById(id)
  if (operation)
    return [`${MARKS[operation.outcome]} ${operation.command} ${podName(operation) || operation.network || ""}`.trim()]
  const { failed } = tally.value
  return [`${failed > 0 ? `(${failed} failed) ` : ""}${view}`]
}
