/** Collects the values of an option that can be repeated or given with commas. */
export function collectNames(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), ...value.split(",").filter((part) => part !== "")]
}

/** Collects the values of an option that can be repeated; a path may contain a comma. */
export function collectPaths(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value]
}

/** commander types option values as unknown. */
export function namesOption(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined
}

export function textOption(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}
