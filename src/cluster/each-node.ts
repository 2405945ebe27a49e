/** Each child process is a kubectl with a connection of its own. */
const PARALLEL = 16

/** Runs `visit` for every item, a bounded number at a time, and returns the results in the order of the items. */
export async function eachNode<Item, Result>(
  items: readonly Item[],
  visit: (item: Item, at: number) => Promise<Result>,
  parallel = PARALLEL,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const work = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await visit(items[at] as Item, at)
  }
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, work))
  return results
}
