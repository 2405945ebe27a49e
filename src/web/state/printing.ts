import { signal } from "@preact/signals"
import { options } from "preact"
import { schemeOf, theme } from "./preferences/theme.ts"

/** While the page is printed: lists have all of their rows. */
export const isPrinting = signal(false)

export function listenToPrinting(): void {
  addEventListener("beforeprint", () => drawNow(true))
  addEventListener("afterprint", () => drawNow(false))
}

/** The browser prints what is there when the event returns: not what the next frame would draw. */
function drawNow(value: boolean): void {
  const { debounceRendering } = options
  options.debounceRendering = (draw) => draw()
  isPrinting.value = value
  // Paper is white.
  document.documentElement.style.colorScheme = value ? "light" : schemeOf(theme.peek())
  if (debounceRendering) options.debounceRendering = debounceRendering
  else delete options.debounceRendering
}
