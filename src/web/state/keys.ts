import { signal } from "@preact/signals"
import { useLayoutEffect } from "preact/hooks"
import { markOpen } from "./marked.ts"
import { nextTheme } from "./preferences/theme.ts"
import { go, NOTHING_OPEN, route, VIEWS } from "./route.ts"

export const isHelpOpen = signal(false)

/** What keys do in the visible view; each view registers its own handlers. */
export type KeyHandlers = {
  /** moves down (positive) or up by a number of rows */
  move?(rows: number): void
  open?(): void
  /** moves to the next or previous call */
  step?(calls: number): void
}

const handlers: KeyHandlers[] = []

/** Registers the handlers of a view while it is mounted. */
export function useKeys(own: KeyHandlers): void {
  useLayoutEffect(() => {
    handlers.push(own)
    return () => handlers.splice(handlers.indexOf(own), 1)
  }, [own])
}

/** All keys, for the help. */
export const KEYS: [keys: string, what: string][] = [
  ["j  k  ↓  ↑", "next, previous row"],
  ["Home  End  g  G", "first, last row"],
  ["PgUp  PgDn", "a screen of rows up, down"],
  ["Enter", "open the row"],
  ["Esc", "close help or details, clear the filter"],
  ["/", "filter"],
  ["]  [", "next, previous call of the operation"],
  ["←  →", "next, previous tab (in a tab bar)"],
  ["m", "mark the open operation; on another one: compare the two"],
  ["1 … 5", "operations, pods, overview, findings, ledger"],
  ["t", "switch between light and dark theme"],
  ["?", "this help"],
]

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (event.key === "Escape") return closeFront(event)
    if (isHelpOpen.value || isTyping(event.target)) return
    if (press(event)) event.preventDefault()
  })
}

function press({ key, target }: KeyboardEvent): boolean {
  const { move, open, step }: KeyHandlers = Object.assign({}, ...handlers)
  const isInControl = target instanceof HTMLElement && target.closest("a, button, select, summary, [role=tab]") !== null
  const isScrolling = target instanceof HTMLElement && target.closest(".scrolls") !== null
  // From a button of the toolbar, j and k move the focus to the list, so that Enter opens the row.
  if (["j", "k"].includes(key) && isInControl) document.querySelector<HTMLElement>(".list")?.focus()
  if (key === "j" || (key === "ArrowDown" && !isScrolling)) move?.(1)
  else if (key === "k" || (key === "ArrowUp" && !isScrolling)) move?.(-1)
  else if (key === "g" || (key === "Home" && !isScrolling)) move?.(Number.NEGATIVE_INFINITY)
  else if (key === "G" || (key === "End" && !isScrolling)) move?.(Number.POSITIVE_INFINITY)
  else if (key === "PageDown" && !isScrolling) move?.(PAGE_ROWS)
  else if (key === "PageUp" && !isScrolling) move?.(-PAGE_ROWS)
  else if (key === "Enter" && !isInControl) open?.()
  else if (key === "]") step?.(1)
  else if (key === "[") step?.(-1)
  else if (key === "/") document.querySelector<HTMLInputElement>("input.filter")?.focus()
  else if (key === "?") isHelpOpen.value = true
  else if (key === "t") nextTheme()
  else if (key === "m") markOpen()
  else {
    const view = VIEWS[Number(key) - 1]
    if (!view) return false
    go({ view, ...NOTHING_OPEN, show: undefined })
  }
  return true
}

const PAGE_ROWS = 20

function closeFront(event: KeyboardEvent): void {
  if (isHelpOpen.value) isHelpOpen.value = false
  else if (isTyping(event.target)) (event.target as HTMLElement).blur()
  else if (route.value.operation) {
    go({ operation: undefined, call: undefined, stream: undefined, panel: "calls" })
    document.querySelector<HTMLElement>(".list")?.focus()
  } else if (route.value.pod || route.value.rule || route.value.attachment) go(NOTHING_OPEN)
  else if (route.value.q) go({ q: "" })
  else return
  event.preventDefault()
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement
  )
}
