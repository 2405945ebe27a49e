import { podName } from "../format.ts"
import { type Operation, walk } from "../operation.ts"

/**
 * The operations that this one is best compared with, best first: another attempt of the same pod that ended the other way,
 * then others of the same list of plugins that did, then those that ended alike; of equals the nearest in time.
 * `text`: only those whose pod, command or network contains it.
 */
export function counterpartsOf<Each extends Operation>(
  one: Operation,
  all: readonly Each[],
  { text = "", most }: { text?: string; most: number },
): Each[] {
  const wanted = text.trim().toLowerCase()
  const isOk = one.outcome === "ok"
  const plugins = pluginsOf(one)
  const scored: { each: Each; rank: number; distanceMs: number }[] = []
  for (const each of all) {
    if (each.id === one.id || (wanted && !searchText(each).includes(wanted))) continue
    const isSameCommand = each.command === one.command
    // Without a search, what cannot be compared is not proposed.
    if (!isSameCommand && !wanted) continue
    const isOther = (each.outcome === "ok") !== isOk
    const isSamePod = one.pod !== undefined && podName(each) === podName(one)
    const isSameList = each.network === one.network && isPart(pluginsOf(each), plugins)
    const rank =
      (isSameCommand ? 0 : 16) +
      (isSameList ? 0 : 8) +
      (isOther ? 0 : 4) +
      (isSamePod ? 0 : 2) +
      (each.network === one.network ? 0 : 1)
    scored.push({ each, rank, distanceMs: Math.abs(each.wallMs - one.wallMs) })
  }
  return scored
    .sort((a, b) => a.rank - b.rank || a.distanceMs - b.distanceMs)
    .slice(0, most)
    .map(({ each }) => each)
}

function searchText(operation: Operation): string {
  return `${podName(operation)} ${operation.command} ${operation.network ?? ""} ${operation.outcome}`.toLowerCase()
}

function pluginsOf({ calls }: Operation): string[] {
  return [...walk(calls)].map(({ call }) => call.plugin)
}

/** An operation that failed did not reach the end of its list. */
function isPart(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  return short.every((plugin) => long.includes(plugin))
}
