import { podName } from "../format.ts"
import { type Operation, walk } from "../operation.ts"

/**
 * The operations that this one is best compared with, best first: another attempt of the same pod that ended the other way,
 * then others with the same plugin list that did, then those that ended the same way; among equals, the nearest in time.
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
  const best: RankedCounterpart<Each>[] = []
  const isWorse = (candidate: RankedCounterpart<Each>) => {
    const last = best.length < most ? undefined : best.at(-1)
    return last !== undefined && byRank(candidate, last) >= 0
  }
  // The nearest in time are nearly always among the newest, and then most others are rejected before their lists are compared.
  for (const each of all.toReversed()) {
    if (each.id === one.id || (wanted && !searchText(each).includes(wanted))) continue
    const isSameCommand = each.command === one.command
    // Without a search, what cannot be compared is not proposed.
    if (!isSameCommand && !wanted) continue
    const isOther = (each.outcome === "ok") !== isOk
    const isSamePod = one.pod !== undefined && podName(each) === podName(one)
    const rank =
      (isSameCommand ? 0 : 16) + (isOther ? 0 : 4) + (isSamePod ? 0 : 2) + (each.network === one.network ? 0 : 1)
    const candidate = { each, rank, distanceMs: Math.abs(each.wallMs - one.wallMs) }
    if (isWorse(candidate)) continue
    if (each.network !== one.network || !isPart(pluginsOf(each), plugins)) candidate.rank += 8
    if (isWorse(candidate)) continue
    best.push(candidate)
    best.sort(byRank)
    if (best.length > most) best.pop()
  }
  return best.map(({ each }) => each)
}

type RankedCounterpart<Each> = { each: Each; rank: number; distanceMs: number }

function byRank(a: RankedCounterpart<unknown>, b: RankedCounterpart<unknown>): number {
  return a.rank - b.rank || a.distanceMs - b.distanceMs
}

function searchText(operation: Operation): string {
  return `${podName(operation)} ${operation.command} ${operation.network ?? ""} ${operation.outcome}`.toLowerCase()
}

function pluginsOf({ calls }: Operation): string[] {
  return walk(calls).map(({ call }) => call.plugin)
}

/** An operation that failed did not reach the end of its list. */
function isPart(a: readonly string[], b: readonly string[]): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  return short.every((plugin) => long.includes(plugin))
}
