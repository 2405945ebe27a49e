import { effect } from "@preact/signals"
import { stored } from "./stored.ts"

export type Theme = "system" | "light" | "dark"

export const theme = stored<Theme>("cnitap.theme", ["system", "light", "dark"])

effect(() => {
  document.documentElement.style.colorScheme = schemeOf(theme.value)
})

/** The value of the CSS property `color-scheme`. */
export function schemeOf(chosen: Theme): string {
  return chosen === "system" ? "light dark" : chosen
}

export function nextTheme(): void {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"
  const shown = theme.value === "system" ? system : theme.value
  const next = shown === "dark" ? "light" : "dark"
  // Back at what the system shows, the page follows the system again.
  theme.value = next === system ? "system" : next
}
