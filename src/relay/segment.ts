import type { Host } from "./host.ts"

const PREFIX = "calls-"
const SUFFIX = ".jsonl"

/** Segments are named by hour (UTC), so that no writer ever renames a file another one has open. */
export function segmentName(wallMs: number): string {
  const hours = Math.floor(wallMs / 3_600_000)
  const { year, month, day } = civil(Math.floor(hours / 24))
  return `${PREFIX}${year}${two(month)}${two(day)}T${two(hours % 24)}${SUFFIX}`
}

/** Whoever opens a segment looks, and whoever makes it longer by another sixteenth of the cap. */
export function isTimeToPrune({ fromByte, toByte }: { fromByte: number; toByte: number }, capBytes: number): boolean {
  const step = capBytes / 16
  return fromByte === 0 || Math.floor(fromByte / step) !== Math.floor(toByte / step)
}

/** Removes the oldest segments, each with what readers keep beside it, until the others fit; the current one stays. */
export function prune(host: Pick<Host, "list" | "remove">, directory: string, capBytes: number, current: string): void {
  const files = host.list(directory).flatMap((file) => {
    const segment = segmentOf(file.name)
    return segment === undefined ? [] : [{ ...file, segment }]
  })
  const segments = files.filter(({ name, segment }) => name === segment).map(({ name }) => name)
  for (const { name, segment } of files) if (!segments.includes(segment)) host.remove(directory, name)
  const left = files.filter(({ segment }) => segments.includes(segment))
  let total = left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  for (const oldest of segments.sort()) {
    if (total <= capBytes) return
    if (oldest === current) continue
    for (const { name, sizeBytes } of left.filter(({ segment }) => segment === oldest)) {
      host.remove(directory, name)
      total -= sizeBytes
    }
  }
}

/** `calls-20261124T15.jsonl`, and hidden beside it what readers keep, such as `.calls-20261124T15.jsonl.index`. */
function segmentOf(name: string): string | undefined {
  const from = name.startsWith(".") ? 1 : 0
  const to = name.indexOf(SUFFIX) + SUFFIX.length
  if (!name.startsWith(PREFIX, from) || to < SUFFIX.length || (from === 0 && to < name.length)) return undefined
  return name.slice(from, to)
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** Days since 1970 to a date in the proleptic Gregorian calendar. The engine's Date would cost a millisecond's tenth to set up. */
function civil(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const doe = z - era * 146_097
  const yoe = Math.floor((doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365)
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  const mp = Math.floor((5 * doy + 2) / 153)
  const month = mp < 10 ? mp + 3 : mp - 9
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day: doy - Math.floor((153 * mp + 2) / 5) + 1 }
}
