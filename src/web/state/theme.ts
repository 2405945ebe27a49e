import { effect, signal } from "@preact/signals"

export type Theme = "system" | "light" | "dark"

const KEY = "cnitap.theme"

export const theme = signal<Theme>(remembered())

effect(() => {
  const { style } = document.documentElement
  style.colorScheme = theme.value === "system" ? "light dark" : theme.value
  try {
    localStorage.setItem(KEY, theme.value)
  } catch {
    // Storage may be denied to a file opened from disk; the choice lasts as long as the page.
  }
})

export function nextTheme(): void {
  const isDark =
    theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
  theme.value = isDark ? "light" : "dark"
}

function remembered(): Theme {
  try {
    const known = localStorage.getItem(KEY)
    return known === "light" || known === "dark" ? known : "system"
  } catch {
    return "system"
  }
}
