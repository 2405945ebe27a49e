import { computed, signal } from "@preact/signals"
import { EVIDENCE_STREAMS, type EvidenceStream } from "../../model/lint/finding.ts"

export const VIEWS = ["operations", "pods", "overview", "findings", "ledger"] as const
export type View = (typeof VIEWS)[number]
export const PANELS = ["calls", "chain", "compare"] as const
export type Panel = (typeof PANELS)[number]

export const GROUPINGS = ["pod", "error", "node"] as const
export type Grouping = (typeof GROUPINGS)[number]

/** The whole selection. It is the fragment of the URL, so that each selection is a link. */
export type Route = {
  view: View
  /** filter of the operations list and of the pods */
  q: string
  /** what the operations list is grouped by */
  group?: Grouping | undefined
  /** the severity of findings, the state of attachments, or the plugin of the chart that is chosen in a view */
  show?: string | undefined
  /** `namespace/name`, in the pods view */
  pod?: string | undefined
  /** in the findings view */
  rule?: string | undefined
  /** `containerId/ifname/network`, in the ledger view */
  attachment?: string | undefined
  operation?: string | undefined
  panel: Panel
  call?: string | undefined
  stream?: EvidenceStream | undefined
  /** offset in the stream to scroll to */
  byte?: number | undefined
  /** the operation to compare with */
  other?: string | undefined
}

/** Clears the selection within a view. */
export const NOTHING_OPEN: Partial<Route> = {
  operation: undefined,
  pod: undefined,
  rule: undefined,
  attachment: undefined,
  call: undefined,
  stream: undefined,
  byte: undefined,
}

const HOME: Route = { view: "operations", q: "", panel: "calls" }

const hash = signal(location.hash)
addEventListener("hashchange", () => {
  hash.value = location.hash
})

export const route = computed(() => parseRoute(hash.value))

/** Changes the selection. `replace` adds no history entry: for typing and for moving through a list. */
export function go(change: Partial<Route>, how: "push" | "replace" = "push"): void {
  const next = href({ ...route.peek(), ...change })
  if (next === location.hash) return
  if (how === "replace") history.replaceState(null, "", next)
  else history.pushState(null, "", next)
  hash.value = next
}

/** The URL of the current selection with a change. */
export function link(change: Partial<Route>): string {
  return href({ ...route.value, ...change })
}

export function href(to: Route): string {
  const { view, q, group, show, pod, rule, attachment, operation, panel, call, stream, byte, other } = to
  const steps: string[] = [view]
  if (view === "pods" && pod) steps.push(pod)
  if (view === "findings" && rule) steps.push(rule)
  if (view === "ledger" && attachment) steps.push(attachment)
  if (view === "operations" && operation) {
    steps.push(operation)
    if (panel !== "calls" || call) steps.push(panel)
    if (call) steps.push(call)
    if (call && stream) steps.push(stream)
  }
  const query = new URLSearchParams()
  if (q) query.set("q", q)
  if (view === "operations" && group) query.set("group", group)
  if (show && view !== "operations" && view !== "pods") query.set("show", show)
  if (other && panel === "compare") query.set("with", other)
  if (view === "operations" && operation && call && stream && byte !== undefined) query.set("byte", String(byte))
  const text = query.toString()
  return `#/${steps.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`
}

export function parseRoute(fragment: string): Route {
  const [path = "", query = ""] = fragment.replace(/^#\/?/, "").split("?")
  const [view, ...steps] = path.split("/").map(decode)
  const q = new URLSearchParams(query)
  const known = VIEWS.find((candidate) => candidate === view)
  if (!known) return HOME
  const group = GROUPINGS.find((candidate) => candidate === q.get("group"))
  const show = q.get("show")
  const common = { ...HOME, view: known, q: q.get("q") ?? "", ...(group ? { group } : {}), ...(show ? { show } : {}) }
  if (known === "pods" && steps[0]) return { ...common, pod: steps[0] }
  if (known === "findings" && steps[0]) return { ...common, rule: steps[0] }
  if (known === "ledger" && steps[0]) return { ...common, attachment: steps[0] }
  if (known !== "operations" || !steps[0]) return common
  const panel = PANELS.find((candidate) => candidate === steps[1]) ?? "calls"
  const stream = EVIDENCE_STREAMS.find((candidate) => candidate === steps[3])
  const other = q.get("with")
  const byte = /^\d{1,15}$/.exec(q.get("byte") ?? "")?.[0]
  return {
    ...common,
    operation: steps[0],
    panel,
    ...(steps[2] ? { call: steps[2] } : {}),
    ...(stream ? { stream } : {}),
    ...(stream && byte ? { byte: Number(byte) } : {}),
    ...(other ? { other } : {}),
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray % in a URL that was typed.
    return text
  }
}
