const MOST_NAMES = 5

/** `node-1, node-2 and 3 more` */
export function nodeNames(names: readonly string[]): string {
  const [first, ...others] = names
  if (names.length > MOST_NAMES + 1)
    return `${names.slice(0, MOST_NAMES).join(", ")} and ${names.length - MOST_NAMES} more`
  return others.length === 0 ? (first ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
}
