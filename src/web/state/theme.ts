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

/** The value of the CSS property `color-scheme`. */
export function schemeOf(chosen: Theme): string {
  return chosen === "system" ? "light dark" : chosen
}

export function nextTheme(): void {
  const isDark =
    theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
  theme.value = isDark ? "light" : "dark"
}

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY)
    return stored === "light" || stored === "dark" ? stored : "system"
  } catch {
    return "system"
  }
}
