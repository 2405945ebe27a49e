/** What is measured, and its unit, of each side. */
export type RatioRow<Side> = [what: string, of: (side: Side) => number | undefined, unit: string]

/** A line for each row: the figure of both sides and their ratio in percent, below their names. */
export function ratioTable<Side>(
  title: string,
  [bare, observed]: readonly [Side, Side],
  rows: readonly RatioRow<Side>[],
): string[] {
  const width = Math.max(title.length, ...rows.map(([what]) => what.length))
  const lines = rows.map(([what, of, unit]) => {
    const [without, with_] = [of(bare) ?? Number.NaN, of(observed) ?? Number.NaN]
    const ratio = `${((with_ / without) * 100).toFixed(1)} %`
    return `${what.padEnd(width)} ${without.toFixed(2).padStart(9)} ${with_.toFixed(2).padStart(9)} ${unit}  ${ratio}`
  })
  return [`${title.padEnd(width)} ${"without".padStart(9)} ${"observed".padStart(9)}`, ...lines]
}

/** Of the three figures that system-calls.c prints. */
export const SYSTEM_CALL_ROWS: readonly RatioRow<{ systemCallNs: readonly number[] }>[] = [
  ["read + write of 1 byte, devices", ({ systemCallNs }) => systemCallNs[0], "ns"],
  ["read + write of 1 byte, a pipe", ({ systemCallNs }) => systemCallNs[1], "ns"],
  ["read + write of 4 KiB, devices", ({ systemCallNs }) => systemCallNs[2], "ns"],
]
