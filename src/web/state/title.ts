import { effect } from "@preact/signals"
import { podName } from "../../model/format.ts"
import { operationById, source, tally } from "./capture.ts"
import { route } from "./route.ts"

const MARKS = { ok: "✓", failed: "✗", killed: "✗", running: "…", unknown: "?" } as const

/** Keeps the title and the icon of the tab: it names what is open, and counts failures otherwise. */
export function keepTitle(): void {
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]")
  const plain = icon?.href ?? ""
  effect(() => {
    document.title = [...subject(), source.value?.host, "cnitap"].filter(Boolean).join(" · ")
    const outcome = operationById(route.value.operation)?.outcome
    const isBad = outcome ? outcome === "failed" || outcome === "killed" : tally.value.failed > 0
    const href = isBad ? plain.replace("%3C/svg", `${DOT}%3C/svg`) : plain
    // Setting it draws the icon again, even if it is the same.
    if (icon && icon.href !== href) icon.href = href
  })
}

const DOT = "%3Ccircle cx='12' cy='4' r='4' fill='%23e5484d'/%3E"

function subject(): string[] {
  const { view, operation: id } = route.value
  const operation = operationById(id)
  if (operation)
    return [`${MARKS[operation.outcome]} ${operation.command} ${podName(operation) || operation.network || ""}`.trim()]
  const { failed } = tally.value
  return [`${failed > 0 ? `(${failed} failed) ` : ""}${view}`]
}
