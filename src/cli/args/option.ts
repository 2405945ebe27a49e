/** An option that may be given more than once, and with commas: every value. */
export function collectNames(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), ...value.split(",").filter((part) => part !== "")]
}

/** commander's values are not narrowed. */
export function namesOption(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined
}

export function textOption(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}
