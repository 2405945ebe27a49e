import { effect, signal } from "@preact/signals"

export type Theme = "system" | "light" | "dark"

const KEY = "cnitap.theme"

export const theme = signal<Theme>(storedTheme())

effect(() => {
  const { style } = document.documentElement
  style.colorScheme = schemeOf(theme.value)
  try {
    localStorage.setItem(KEY, theme.value)
  } catch {
    // A file opened from disk may have no storage: the choice is lost when the page is closed.
  }
})

// Another tab of the page has switched it.
addEventListener("storage", ({ key }) => {
  if (key === KEY) theme.value = storedTheme()
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

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY)
    return stored === "light" || stored === "dark" ? stored : "system"
  } catch {
    return "system"
  }
}
